import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { DapClient } from "../adapter/client.ts";
import { LspClient } from "./client.ts";

const URI = "untitled:Untitled-1";
const SAMPLE = resolve("sample");
let [server, debug, log]: [LspClient, DapClient, string] = [undefined!, undefined!, ""];

before(async () => {
  [server, debug] = await Promise.all([
    LspClient.start(),
    DapClient.launch({ vmcore: "sample/vmcore", modules: SAMPLE, kernelSource: SAMPLE }),
  ]);
  log = await debug.command("log");
  await server.open(URI, log);
});
after(() => Promise.all([server.close(), debug.close()]));

async function analyze(text: string, title: RegExp): Promise<string> {
  const uri = `untitled:${title.source}`;
  await server.open(uri, text);
  const line = text.split("\n").findIndex((one) => title.test(one));
  const answer = await server.request<{ markdown: string } | null>("vmcore/analysis", { uri, line });
  return answer?.markdown ?? "";
}

test("an oops is explained from the log alone", async () => {
  server.answer = () => Promise.resolve(null);
  const page = await analyze(log, /BUG: kernel NULL/);
  assert.match(
    page,
    /^# BUG: kernel NULL pointer dereference, address: 0000000000000000\n\n> The kernel used a NULL pointer/,
  );
  assert.match(page, /\*\*Where\*\* \| `lab_apply\+0x2f` of module `lab_nullderef`/);
  assert.match(page, /\*\*Access\*\* \| supervisor write access in kernel mode/);
  assert.match(page, /\*\*Task\*\* \| insmod, PID 169, CPU 0/);
  assert.match(page, /\*\*Tainted\*\* \| module from out of tree, unsigned module/);
  assert.match(page, /-4 {2}mov +0x20\(%rbx\),%rax\n +=> {2}mov +%ebp,\(%rax\)\n/);
  assert.match(page, /jmp +lab_apply\+0x11\n/);
  assert.match(page, /In it RAX = `0x0` NULL, RBP = `0x5`\./);
  assert.match(page, /1\. `hello_init\+0xb8` \*lab\\_nullderef\*\n1\. \? `0xffffffffc0256000`\n/);
  assert.match(page, /From the log alone/);
});

test("with the dump open, a report has lines, source and the objects in registers", async () => {
  server.answer = ({ request, arguments: args }) => debug.request(request, args);
  await server.connection.sendNotification("vmcore/sessionChanged", {});
  const page = await analyze(log, /BUG: kernel NULL/);
  assert.match(page, /`lab_poke` \[lab\\_nullderef\\\.c:27\]\(file:.*#L27\)<br>inlined into `lab_apply`/);
  assert.match(page, /^>27 .*\*p = value;/m);
  assert.match(page, /\| RBX \| `0xffff8ef6849a9800` kmalloc/);
  assert.match(page, /Values and lines are from vmcore/);
});

const oops = (...lines: string[]): string => lines.map((line) => `[   12.000000] ${line}`).join("\n");

test("code that could not be printed is not taken from another frame", async () => {
  const page = await analyze(
    oops(
      "BUG: unable to handle page fault for address: ffffffffc02b6fdf",
      "RIP: 0010:lab_update+0x9/0x20",
      "Code: Unable to access opcode bytes at 0xffffffffc02b6fdf.",
      "RAX: dead000000000100 RBX: 0000000000000000 RCX: fffffffffffffff4",
      "Call Trace:",
      " <TASK>",
      " asm_exc_page_fault+0x22/0x30",
      "RIP: 0010:interrupted+0x1/0x2",
      "Code: 90 90 <90> 90",
      "RAX: 0000000000000001",
      " </TASK>",
      "---[ end trace 0000000000000000 ]---",
    ),
    /BUG: unable/,
  );
  assert.doesNotMatch(page, /Faulting instruction/);
  assert.match(page, /\| RAX \| `0xdead000000000100` LIST_POISON1/);
  assert.match(page, /\| RCX \| `0xfffffffffffffff4` -ENOMEM/);
  assert.doesNotMatch(page, /\| RAX \| `0x1`/);
});

test("arm64's code is shown as words after the call trace", async () => {
  const page = await analyze(
    oops(
      "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008",
      "CPU: 1 PID: 7 Comm: `weird|name` Not tainted 6.1.0 #1",
      "pc : store+0x10/0x20",
      "x2 : 0000000000000000 x1 : 0000000000000005 x0 : 0000000000000001",
      "Call trace:",
      " store+0x10/0x20",
      "Code: d503201f d2800002 (b9000841) d65f03c0",
      "---[ end trace 0000000000000000 ]---",
    ),
    /Unable to handle/,
  );
  assert.match(page, /=> {2}str +w1, \[x2, #8\]/);
  assert.match(page, /In it x2 = `0x0` NULL, x1 = `0x5`/);
  assert.match(page, /\*\*Address\*\* \| `0x8` offset 0x8 from NULL/);
  assert.match(page, /\*\*Tainted\*\* \| no/);
  // What a log says is no Markdown.
  assert.match(page, /\\`weird\\\|name\\`/);
});

test("a hung task waits where its stack leaves the functions that wait; a line outside of reports is none", async () => {
  const page = await analyze(
    oops(
      "INFO: task lab_left:278 blocked for more than 6 seconds.",
      "Call Trace:",
      " __schedule+0x34d/0x850",
      " schedule_preempt_disabled+0x11/0x20",
      " __mutex_lock.constprop.0+0x39d/0x720",
      " ? stale+0x50/0x50 [lab_abba]",
      " lab_transfer+0x34/0x50 [lab_abba]",
    ),
    /INFO: task/,
  );
  assert.match(page, /slept uninterruptibly/);
  assert.match(page, /\*\*Where\*\* \| `lab_transfer\+0x34` of module `lab_abba`/);
  assert.match(page, /\*\*Task\*\* \| lab\\_left, PID 278/);
  assert.equal(await analyze("nothing happened", /nothing/), "");
});

test("a soft lockup shows what was interrupted, and tells of the panic that it led to", async () => {
  const site = ["RIP: 0010:spin+0x30/0x2a0", "Code: 90 f3 90 <eb> e3 90", "RAX: 0000000000000001"];
  const log = oops(
    "watchdog: BUG: soft lockup - CPU#0 stuck for 7s! [lab_waiter:267]",
    "CPU: 0 PID: 267 Comm: lab_waiter Tainted: G           OEL     6.1.0 #1",
    ...site,
    "Call Trace:",
    " lab_waiter_fn+0x1b/0xfa0 [lab_softlockup]",
    "Kernel panic - not syncing: softlockup: hung tasks",
  );
  const page = await analyze(log, /soft lockup/);
  assert.match(page, /watchdog's work did not run on CPU 0 for 7 s/);
  assert.match(page, /## Where the processor was\n/);
  assert.doesNotMatch(page, /Faulting instruction/);
  assert.match(page, /=> {2}jmp +spin\+0x15/);
  const panic = await analyze(log, /Kernel panic/);
  assert.match(panic, /`kernel.softlockup_panic`/);
  // The panic is a line of this very report: there is none before it.
  assert.doesNotMatch(panic, /the report before/);
});

test("when memory runs out the code of the user program is not the kernel's fault", async () => {
  const trace = ["Call Trace:", " out_of_memory+0x67/0x7e", "RIP: 0033:0x402b9d", "Code: 90 <90> 90"];
  const log = oops(
    "workload invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER), order=0, oom_score_adj=0",
    "CPU: 2 PID: 265 Comm: workload Not tainted 6.1.0 #1",
    ...trace,
    "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled",
    ...trace,
  );
  for (const [title, cause] of [
    [/oom-killer/, /The kernel found too little free memory for a request\\?\. `workload` made the request/],
    [/not syncing: Out of memory/, /`vm.panic_on_oom`/],
  ] as const) {
    const page = await analyze(log, title);
    assert.match(page, cause);
    assert.doesNotMatch(page, /\*\*Where|instruction|interrupted|Registers/);
  }
});

test("the message of a warning is shown", async () => {
  const page = await analyze(
    oops(
      "------------[ cut here ]------------",
      "refcount_t: underflow; use-after-free.",
      "WARNING: CPU: 1 PID: 42 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110",
      "---[ end trace 0000000000000000 ]---",
    ),
    /WARNING: CPU/,
  );
  assert.match(page, /\*\*Says\*\* \| refcount\\_t: underflow; use\\-after\\-free\\\. \|\n/);
});
