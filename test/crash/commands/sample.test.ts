/** Commands on the real crash that ships with the project, nothing but the dump file given. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { openSession } from "../../../src/session/open/open.ts";
import { data, transcript } from "../../builders/transcript.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
const { context } = session;
after(() => {
  session.close();
});

const trimmed = (text: string): string => text.replace(/[ \t]+$/gm, "").trimEnd();
const crash = (name: string): string =>
  trimmed(readFileSync(new URL(`../../golden/sample/${name}.txt`, import.meta.url), "utf8"));
const ours = (line: string): string => trimmed(transcript(context, line));

/** Command lines and the file with what crash 8.0.6 printed, with a vmlinux. */
const recorded: readonly (readonly [string, string])[] = [
  ["ps", "ps"],
  ["ps -m", "ps-m"],
  ["ps -l", "ps-l"],
  ["ps -r 126", "ps-r"],
  ["ps -t 126", "ps-t"],
  ["ps -S", "ps-S"],
  ["ps -c 1", "ps-c"],
  ["ps -y FIFO", "ps-y"],
  ["log -m", "log-m"],
  ["mod", "mod"],
  ["mod -t", "mod-t"],
  ["sys -i", "sys-i"],
  ["bt -e", "bt-e"],
];

for (const [line, name] of recorded)
  test(`${line} prints the same as crash`, () => assert.equal(ours(line), crash(name)));

test("the stacks of a process's threads are crash's", () => {
  assert.equal(ours("bt -g 126"), crash("bt-g"));
});

test("sys shows the crash on one screen", () => {
  assert.equal(
    ours("sys"),
    [
      "      KERNEL: (no vmlinux; from the dump: kallsyms, VMCOREINFO, BTF)  [TAINTED]",
      "    DUMPFILE: sample/vmcore  [PARTIAL DUMP]",
      "        CPUS: 2 [OFFLINE: 1]",
      "        DATE: Sat Nov 21 10:19:24 UTC 2026",
      "      UPTIME: 00:00:06",
      "LOAD AVERAGE: 0.16, 0.03, 0.01",
      "       TASKS: 98",
      "    NODENAME: lab-guest",
      "     RELEASE: 6.1.0-56-cloud-amd64",
      "     VERSION: #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)",
      "     MACHINE: x86_64  (2593 Mhz)",
      "      MEMORY: 95.5 MB",
      '       PANIC: "Kernel panic - not syncing: Fatal exception"',
    ].join("\n"),
  );
  assert.equal(ours("sys -t"), "TAINTED_MASK: 3080  DOE");
  assert.equal(ours("sys config"), "sys: kernel_config_data does not exist in this kernel");
});

test("sys -c names system calls by number and by part of their names", () => {
  assert.equal(ours("sys -c 1"), "NUM  SYSTEM CALL                FILE AND LINE NUMBER\n  1  __x64_sys_write");
  const found = ours("sys -c futex").split("\n").slice(1);
  assert.deepEqual(found, ["202  __x64_sys_futex", "449  __x64_sys_futex_waitv"]);
  assert.equal(ours("sys -c").split("\n").length, 452);
  assert.equal(ours("sys -c nosuch"), 'sys: no system call matches nosuch; "sys -c" lists them');
});

test("the panic stack includes the exception in the module's init function and ends in user space", () => {
  assert.equal(
    ours("bt"),
    `PID: 169      TASK: ffff8ef68526c180  CPU: 0    COMMAND: "insmod"
 #0 [ffffd11f40523ad8] panic at ffffffff9b9cd21a
 #1 [ffffd11f40523b58] oops_end.cold at ffffffff9b9c7c6f
 #2 [ffffd11f40523b78] page_fault_oops at ffffffff9b07b4d9
 #3 [ffffd11f40523bf8] exc_page_fault at ffffffff9ba06ef0
 #4 [ffffd11f40523c20] asm_exc_page_fault at ffffffff9bc00c02
    [exception RIP: lab_apply+47]
    RIP: ffffffffc024b02f  RSP: ffffd11f40523cd8  RFLAGS: 00000246
    RAX: 0000000000000000  RBX: ffff8ef6849a9800  RCX: c0000000ffffefff
    RDX: 0000000000000000  RSI: 00000000ffffefff  RDI: 0000000000000001
    RBP: 0000000000000005   R8: 0000000000000000   R9: ffffd11f40523b70
    R10: 0000000000000003  R11: ffffffff9cad2328  R12: 0000000000000001
    R13: 0000000000000000  R14: 0000000000000000  R15: 0000000000000000
    ORIG_RAX: ffffffffffffffff  CS: 0010  SS: 0018
    page fault at 0000000000000000: write to a page that is not present, kernel mode
 #5 [ffffd11f40523cf0] hello_init at ffffffffc02560b8 [lab_nullderef]
 #6 [ffffd11f40523d10] do_one_initcall at ffffffff9b0024b9
 #7 [ffffd11f40523d80] do_init_module at ffffffff9b139faa
 #8 [ffffd11f40523da0] __do_sys_finit_module at ffffffff9b13c67c
 #9 [ffffd11f40523e70] do_syscall_64 at ffffffff9ba03f4d
#10 [ffffd11f40523f50] entry_SYSCALL_64_after_hwframe at ffffffff9bc00126
    RIP: 000000000047fbe9  RSP: 00007fff03778df8  RFLAGS: 00000246
    RAX: ffffffffffffffda  RBX: 0000000002dc1a40  RCX: 000000000047fbe9
    RDX: 0000000000000000  RSI: 0000000002dc1a40  RDI: 0000000000000003
    RBP: 0000000000000003   R8: 0000000000000000   R9: 0000000000000000
    R10: 0000000000000005  R11: 0000000000000246  R12: 0000000002dc34b8
    R13: 0000000002dc3528  R14: 0000000000000000  R15: 0000000000000000
    ORIG_RAX: 0000000000000139  CS: 0033  SS: 002b`,
  );
});

interface Backtrace {
  readonly pid: number;
  readonly state: string;
  readonly frames: readonly { readonly function: string; readonly pc: string; readonly sp: string; readonly module?: string; readonly trap?: { readonly type: string; readonly registers: Record<string, string> } }[]; // prettier-ignore
}

test("JSON output has the stack that the lines show", () => {
  const [stack] = data(context, "bt") as unknown as Backtrace[];
  assert.deepEqual([stack?.pid, stack?.state], [169, "RU"]);
  const frames = stack?.frames ?? [];
  assert.deepEqual([frames[0]?.function, frames[0]?.sp], ["panic", "0xffffd11f40523ae0"]);
  const trapped = frames.find(({ trap }) => trap);
  assert.deepEqual(
    [trapped?.function, trapped?.module, trapped?.trap?.type],
    ["lab_apply", "lab_nullderef", "page fault"],
  );
  assert.equal(trapped?.trap?.registers["rip"], "0xffffffffc024b02f");
});

test("every CPU's task is shown, one stopped by the panic with its registers", () => {
  const stacks = ours("bt -a").split("\n\n");
  assert.equal(stacks.length, 2);
  assert.match(
    stacks[1] ?? "",
    /^PID: 146 +TASK: ffff8ef685248000 +CPU: 1 +COMMAND: "kernel-hog"\n +\[exception RIP: stop_this_cpu\+\d+\]/,
  );
  assert.equal(ours("bt -c 0"), ours("bt"));
  assert.equal(ours("bt -p"), ours("bt"));
});

test("the words of each frame are printed below it, up to the next return address", () => {
  const lines = ours("bt -f").split("\n");
  const frame = lines.findIndex((line) => line.startsWith(" #4"));
  assert.equal(lines[frame - 1], "    ffffd11f40523c20: ffffffff9bc00c02");
  assert.equal(
    lines[lines.findIndex((line) => line.startsWith(" #6")) - 1],
    "    ffffd11f40523d08: ffffd11f40523d18 ffffffff9b0024b9",
  );
  const symbolic = ours("bt -F").split("\n");
  assert.equal(symbolic[frame - 1]?.trimEnd(), "    ffffd11f40523c20: asm_exc_page_fault+34");
});

test("words that point into slab objects show the names of their caches", () => {
  assert.match(ours("bt -F"), /\n {4}ffffd11f40523c48: 0000000000000005 \[kmalloc-64\]\n/);
  assert.match(ours("bt -FF"), /\n {4}ffffd11f40523c48: 0000000000000005 \[ffff8ef6849a9800:kmalloc-64\]\n/);
});

test("bt -s adds offsets, bt -R leaves out stacks without the symbol", () => {
  assert.match(ours("bt -s"), /\n #6 \[ffffd11f40523d10\] do_one_initcall\+89 at /);
  assert.match(ours("bt -sx"), /\n #6 \[ffffd11f40523d10\] do_one_initcall\+0x59 at /);
  assert.equal(ours("bt -R do_one_initcall"), ours("bt"));
  assert.equal(ours("bt -R vfs_read"), "");
});

test("bt -t and bt -o begin at the function that stopped the machine, not in the loop in which it then waited", () => {
  const panic = "[ffffd11f40523ad8] panic at ffffffff9b9cd21a";
  assert.deepEqual(
    ours("bt -t")
      .split("\n")
      .slice(1, 4)
      .map((line) => line.trim()),
    ["START: panic at ffffffff9b9cd21a", panic, "[ffffd11f40523b58] show_opcodes.cold at ffffffff9b9c7c6f"],
  );
  assert.equal(ours("bt -o").split("\n")[1], ` #0 ${panic}`);
});

test("for a zombie, the freed stack is reported", () => {
  assert.match(ours("bt 149"), /^PID: 149 .*\n +<the task has exited and its stack was freed>$/);
});

test("no stack of the sample has overflown", () => {
  assert.equal(ours("bt -v"), "No stack overflows detected");
});

test("bpf reports that a dump has no programs and maps", () => {
  assert.equal(ours("bpf -P"), "bpf: the kernel had no programs");
  assert.equal(ours("bpf -M"), "bpf: the kernel had no maps");
  assert.match(ours("bpf -p 7"), /^bpf: invalid program ID: 7$/);
});

test("waits says of tasks that do not wait only that, and refuses a word that names no task", () => {
  assert.equal(ours("waits 169"), "none of these tasks is blocked, asleep or stopped");
  assert.equal(ours("waits -l 169"), "none of these tasks waits for a known resource");
  assert.match(ours("waits nosuch"), /^waits: .*nosuch/);
});

test("runq -T compares a CPU with all CPUs, also if only some are shown", () => {
  const all = ours("runq -T").split("\n");
  assert.equal(
    ours("runq -T -c 0"),
    all.find((line) => line.includes("CPU 0:")),
  );
});

test("bt -R takes an address in any form", () => {
  const [address = ""] = /(?<= at )[0-9a-f]+/.exec(ours("bt")) ?? [];
  for (const form of [address, `0x${address}`, address.toUpperCase()])
    assert.match(ours(`bt -R ${form}`), /^PID: 169 /, form);
  assert.equal(ours("bt -R 1234"), "");
});

test("trace show says which buffers are empty", () => {
  assert.equal(ours("trace show"), "the buffers of top are empty");
  assert.equal(ours("trace show -c 0"), "the buffers of top are empty on the CPUs of -c 0");
});
