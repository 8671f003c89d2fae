import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { type Summary, summaryOf } from "../../src/log/summary.ts";

/** The first report of some messages, each of which gets a time. */
function first(...messages: readonly string[]): Summary {
  const log = KernelLog.of(messages.map((text, i) => `[   10.0000${String(i).padStart(2, "0")}] ${text}`));
  const [report] = log.reports;
  assert.ok(report);
  return summaryOf(log, report);
}

const meaning = (...messages: readonly string[]): string => first(...messages).explanation;
const whereOf = ({ rows }: Summary): string | undefined => rows.find(({ key }) => key === "where")?.text;

test("the explanation of a vmalloc failure names no page order, and calls a size of 0 an error", () => {
  const large = meaning("vmalloc: allocation failure: 99999997952 bytes");
  assert.match(large, /`vmalloc` of 99999997952 bytes failed\. Usual causes: too little memory in the machine/);
  assert.doesNotMatch(large, /order/);
  assert.match(
    meaning("acmed: vmalloc: allocation failure: 0 bytes, mode:0xcc0(GFP_KERNEL)"),
    /the requested size is 0, which is an error of the caller/,
  );
  assert.match(
    meaning("acmed: vmalloc: allocation failure, allocated 8192 of 65536 bytes"),
    /of 65536 bytes.*only 8192 bytes/,
  );
});

test("a leaked work item is explained by locks and preemption, never by interrupts", () => {
  const held = meaning(
    "BUG: workqueue leaked lock or atomic: kworker/1:2/0x00000000/77",
    "     last function: acme_work",
  );
  assert.match(held, /with a lock held or in an RCU .*`acme_work`/);
  assert.doesNotMatch(held, /interrupts/);
  assert.match(
    meaning("BUG: workqueue leaked lock or atomic: kworker/1:2/0x00000002/77", "     last function: acme_work"),
    /preempt_count 0x00000002/,
  );
});

test("a race of unknown origin is not called a race of two CPUs", () => {
  const rule = "=".repeat(66);
  const race = meaning(
    rule,
    "BUG: KCSAN: data-race in acme_poll+0x51/0xb0",
    "",
    "race at unknown origin, with read to 0xffff888101a2ae40 of 2 bytes by interrupt on cpu 3:",
    " acme_poll+0x51/0xb0",
    rule,
  );
  assert.match(race, /^2 bytes at 0xffff888101a2ae40 changed while CPU 3 .* to read them.*DMA/);
  assert.doesNotMatch(race, /Two CPUs/);
});

test("the explanation of a stack segment fault names the register without a valid address", () => {
  const fault = meaning(
    "stack segment: 0000 [#1] SMP",
    "CPU: 0 PID: 9 Comm: acmed Not tainted 6.1.0 #1",
    "RIP: 0010:acme_walk+0x15/0x90",
    "RSP: 0018:ffffc90000013d40 EFLAGS: 00010246",
    "RBP: 4000000000000000 R08: 0000000000000004 R09: 0000000000000000",
  );
  assert.match(fault, /RBP is 0x4000000000000000/);
  assert.doesNotMatch(fault, /stack pointer was overwritten/);
});

test("a jump to the start of a function fails because the function has no BTI instruction, not because a pointer was wrong", () => {
  const branch = meaning(
    "Bad mode in Synchronous Abort handler detected on CPU1, code 0x34000002 -- BTI",
    "CPU: 1 PID: 9 Comm: acmed Not tainted 5.10.0 #1",
    "pstate: 80000489 (Nzcv daIf -PAN -UAO -TCO BTYPE=jc)",
    "pc : acme_setup+0x0/0x40",
    "lr : acme_init+0x14/0x20",
  );
  assert.match(branch, /`acme_setup\+0x0`, which does not begin with a BTI instruction/);
  assert.doesNotMatch(branch, /overwritten/);
});

test("a fault of user space's domain is a NULL pointer in the first page, and an access to user memory elsewhere", () => {
  const near = first("Unhandled fault: page domain fault (0x01b) at 0x00000058", "PC is at acme_read+0xa8/0x240");
  assert.equal(near.title, "BUG: unable to handle kernel NULL pointer dereference in acme_read");
  assert.match(near.explanation, /near NULL: the access was at 0x58/);
  const far = first("Unhandled fault: page domain fault (0x01b) at 0xb6f01058", "PC is at acme_read+0xa8/0x240");
  assert.equal(far.title, "BUG: unable to handle kernel access to user memory in acme_read");
  assert.match(far.explanation, /0xb6f01058, which is user memory/);
});

test("an unchecked register access was not performed, and its place is the instruction and not the caller", () => {
  const summary = first(
    "unchecked MSR access error: WRMSR to 0x1b1 (tried to write 0x00000000000000ff) at rIP: 0xffffffff81123a00 (acme_wrmsr+0x10/0x40)",
    "Call Trace:",
    " acme_start+0x20/0x80",
  );
  assert.equal(whereOf(summary), "acme_wrmsr+0x10");
  assert.match(summary.explanation, /tried to write 0x00000000000000ff to .*0x1b1/);
});

test("the place where a stack overflow was noticed is not called the guilty function", () => {
  const summary = first(
    "Kernel panic - not syncing: corrupted stack end detected inside scheduler",
    "CPU: 0 PID: 9 Comm: kworker/u4:1 Not tainted 6.1.0 #1",
    "Workqueue: acme acme_work",
    "Call Trace:",
    " __schedule+0x1ec6/0x1ed0",
    " preempt_schedule_irq+0x87/0x110",
    " acme_leaf+0x19/0x50",
    " acme_work+0x65/0x90",
    " process_one_work+0x90f/0x1580",
    " worker_thread+0x9b/0xe20",
  );
  assert.equal(whereOf(summary), "acme_work+0x65");
  assert.match(summary.title, /in acme_work$/);
});

test("an explanation contains the object, the lock and the limit that the report names", () => {
  const cases: readonly (readonly [pattern: RegExp, messages: readonly string[]])[] = [
    [
      /of `acme d` for address 0x7f00009ca000 \(pte:8000000012345067\)/,
      [
        "BUG: Bad page map in process acme d  pte:8000000012345067 pmd:1a700f067",
        "addr:00007f00009ca000 vm_flags:00100073 anon_vma:ffff888001a2b3c0 mapping:0000000000000000 index:9ca",
      ],
    ],
    [
      /\(ext4 sdz1\).*`acme\.db`.*count 2/,
      ["BUG: Dentry ffff888001a2b3c0{i=8b,n=acme.db}  still in use (2) [unmount of ext4 sdz1]"],
    ],
    [
      /24 bytes of acme_cache at 0xffff888001a2b3c0/,
      [
        "usercopy: kernel memory exposure attempt detected from ffff888001a2b3c0 (acme_cache) (24 bytes)",
        "------------[ cut here ]------------",
        "kernel BUG at mm/usercopy.c:84!",
      ],
    ],
    [/instruction e1932f9e at 0x8028bd00/, ["Alignment trap: not handling instruction e1932f9e at [<8028bd00>]"]],
    [
      /`acme_copy` was overwritten/,
      ["Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: acme_copy+0x3f/0x40"],
    ],
    [
      /\(fail_page_alloc\)/,
      ["FAULT_INJECTION: forcing a failure.", "name fail_page_alloc, interval 1, probability 0, space 0, times 0"],
    ],
    [
      /MAX_ACME too low!/,
      ["BUG: MAX_LOCKDEP_CHAINS too low!"].map((text) => text.replace("MAX_LOCKDEP_CHAINS", "MAX_ACME")),
    ],
  ];
  for (const [pattern, messages] of cases) assert.match(meaning(...messages), pattern);
});

test("a file that is closed twice is not explained as an unmounted file system", () => {
  assert.match(meaning("VFS: Close: file count is 0"), /^A file was closed/);
});

test("a preemption count of 0 in the scheduler was decremented too often", () => {
  const low = meaning("BUG: scheduling while atomic: acmed/99/0x00000000");
  assert.match(low, /enabled once too often/);
  assert.match(
    meaning("BUG: scheduling while atomic: acmed/99/0x00000002"),
    /a spinlock is held.*preempt_count 0x00000002/,
  );
});

test("an access to address 0 is not called an access to a structure member", () => {
  const access = (at: string): string =>
    meaning(
      "=".repeat(66),
      "BUG: KASAN: null-ptr-deref in acme_get+0x1e/0x20",
      `Read of size 1 at addr ${at} by task acmed/99`,
      "CPU: 0 PID: 99 Comm: acmed Not tainted 6.1.0 #1",
    );
  assert.doesNotMatch(access("0000000000000000"), /member/);
  assert.match(access("00000000000000c8"), /at 0xc8, .* a member of a structure/);
});

test("the allocation and free history of an object is not called its state", () => {
  const { explanation } = first("INFO: Freed in acme_free+0x14/0x20 age=624 cpu=0 pid=3");
  assert.match(explanation, /prints who allocated or freed an object/);
});

test("lines of other printers between the cut mark and a warning are not its message", () => {
  const warning = (...between: readonly string[]): string =>
    meaning(
      "------------[ cut here ]------------",
      ...between,
      "WARNING: CPU: 1 PID: 42 at drivers/acme/acme.c:10 acme_run+0x6d/0x80",
      "Modules linked in: acme",
    );
  const others = warning("audit: type=1400 audit(1.2:8): avc:  denied", " ? acme_old+0x1/0x20", "acme_old+0x1/0x20");
  assert.doesNotMatch(others, /Its message/);
  assert.match(warning("acme: ring 3 is full"), /^Its message: “acme: ring 3 is full”\./);
});

test("a warning about a user copy names the direction only if its message does", () => {
  const copy = (...said: readonly string[]): string =>
    meaning(
      "------------[ cut here ]------------",
      ...said,
      "WARNING: CPU: 1 PID: 42 at mm/usercopy.c:81 usercopy_warn+0xdb/0x100",
    );
  assert.match(
    copy(
      "Bad or missing usercopy whitelist? Kernel memory exposure attempt detected from SLAB object 'acme' (offset 8, size 4)!",
    ),
    /out of kernel memory, usually to user space.*4 bytes at offset 8 of SLAB object `acme`/,
  );
  assert.match(copy(), /between the kernel and user space/);
});

test("a known source of a non-maskable interrupt, a memory module and a field are named", () => {
  assert.match(
    meaning("NMI: PCI system error (SERR) for reason b1 on CPU 0."),
    /system error of the PCI bus \(reason b1\)/,
  );
  assert.match(meaning("NMI: IOCK error (debug interrupt?) for reason 61 on CPU 0."), /I\/O check error \(reason 61\)/);
  assert.match(
    meaning("Uhhuh. NMI received for unknown reason 3d on CPU 0."),
    /^A non-maskable interrupt of unknown source came \(reason 3d\)/,
  );
  assert.match(
    meaning("EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1)"),
    /corrected on CPU_SrcID#0_MC#0_Chan#1_DIMM#0\. The cause is usually/,
  );
  assert.match(
    meaning('memcpy: detected field-spanning write (size 80) of single field "dst" at lab/a.c:12 (size 40)'),
    /^`memcpy` was called to write 80 bytes into `dst`, which has 40, at lab\/a\.c:12/,
  );
});

test("compiler traps and alignment checks have explanations of their own", () => {
  assert.match(
    meaning("Internal error: UBSAN: array index out of bounds: 00000000f2005512 [#1] SMP"),
    /^A check that the compiler inserted failed \(array index out of bounds\)/,
  );
  assert.match(
    meaning("Internal error: Oops - CFI: 00000000f2008228 [#1] SMP"),
    /^An indirect call went to an address that does not have the type/,
  );
  assert.match(meaning("Missing ENDBR: lab_call+0x0/0x10"), /went to `lab_call\+0x0`, where no ENDBR instruction is/);
  assert.match(meaning("alignment check: 0000 [#1] SMP"), /^The processor raised an alignment check/);
});

test("old message forms of the allocators are recognised", () => {
  assert.match(
    meaning("slab error in verify_redzone_free(): cache `size-64': double free detected"),
    /received a request to free an object of cache size-64 that is already free/,
  );
  assert.match(
    meaning("kmem_cache_destroy lab: Slab cache still has objects when called from lab_exit+0x1/0x2"),
    /^A cache \(lab\) was to be destroyed while/,
  );
  assert.match(
    meaning("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)"),
    /no pointer to 3 more allocations/,
  );
});
