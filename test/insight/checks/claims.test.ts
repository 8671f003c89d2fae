/** Sentences that would be false on some dumps are not made there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { initExit } from "../../../src/insight/checks/initExit.ts";
import { guilty } from "../../../src/insight/checks/guilty.ts";
import { listCorruption } from "../../../src/insight/checks/listCorruption.ts";
import { mechanism } from "../../../src/insight/checks/mechanism.ts";
import { outOfMemory } from "../../../src/insight/checks/outOfMemory.ts";
import { rcuStall } from "../../../src/insight/checks/rcuStall.ts";
import { rootMissing } from "../../../src/insight/checks/rootMissing.ts";
import { stackOverflow } from "../../../src/insight/checks/stackOverflow.ts";
import { wrongFree } from "../../../src/insight/checks/wrongFree.ts";
import { stuckCpu } from "../../../src/insight/checks/stuckCpu.ts";
import { suspects } from "../../../src/insight/checks/suspects.ts";
import type { CrashFacts } from "../../../src/insight/crashFacts.ts";
import type { Finding } from "../../../src/insight/finding.ts";
import { verdictSentence } from "../../../src/insight/verdictSentence.ts";
import { mechanismOf } from "../../../src/insight/mechanisms.ts";
import { factsOf } from "../../../src/log/facts.ts";
import { KernelLog } from "../../../src/log/kernelLog.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { checked, crashWith } from "../../builders/checks.ts";

const OOPS = [
  "BUG: kernel NULL pointer dereference, address: 0000000000000000",
  "#PF: supervisor read access in kernel mode",
  "Oops: 0000 [#1] PREEMPT SMP",
  "CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1",
  "RIP: 0010:work+0x5/0x10",
  "Call Trace:",
  " <TASK>",
  " start+0x1/0x2",
  " </TASK>",
  "---[ end trace 0000000000000000 ]---",
];
const panic = (text: string, line = 40): Pick<CrashFacts, "panic"> => ({
  panic: { text: `Kernel panic - not syncing: ${text}`, line },
});

test("an oops that the kernel survived did not stop it", () => {
  const { findings, texts } = checked(mechanism, crashWith(OOPS, { stopped: false, panicCpu: undefined }));
  assert.deepEqual(
    findings.map(({ id, severity }) => [id, severity]),
    [["crash.survived", "note"]],
  );
  assert.match(texts[0] ?? "", /^The kernel was running when its memory was saved\. The last failure .*NULL pointer/);
});

test("without a panic in the log and panic_cpu the verdict does not say that the kernel stopped", () => {
  const { texts } = checked(mechanism, crashWith(OOPS, { stopped: undefined, panicCpu: undefined }));
  assert.match(texts[0] ?? "", /^Whether the kernel stopped is not known\./);
});

test("a panic with a message of its own after an oops may have another reason", () => {
  const { findings, texts } = checked(mechanism, crashWith(OOPS, panic("lpfc: adapter is dead")));
  assert.deepEqual(
    findings.map(({ id, certainty }) => [id, certainty]),
    [
      ["crash.mechanism", "likely"],
      ["crash.consequence", "likely"],
    ],
  );
  assert.match(texts[0] ?? "", /; the panic may also have another reason, which the log does not report\.$/);
  assert.match(texts[1] ?? "", /, or of something that the log does not report\.$/);
  const fatal = checked(mechanism, crashWith(OOPS, panic("Fatal exception")));
  assert.deepEqual(
    fatal.findings.map(({ certainty }) => certainty),
    ["certain", "certain"],
  );
});

test("panic_on_warn is no evidence, because panic() clears it", () => {
  const lines = ["WARNING: CPU: 0 PID: 7 at mm/slub.c:10 check_it+0x1/0x20"];
  const kernel = toyKernel({
    types: "int panic_on_warn; int panic_on_oops;",
    symbols: { panic_on_warn: 0xffffffff81000000n, panic_on_oops: 0xffffffff81000010n },
    memory: [
      ["panic_on_warn", 0],
      ["panic_on_oops", 1],
    ],
  });
  const sysctls = (crash: CrashFacts): unknown[] =>
    checked(mechanism, crash, kernel).findings.flatMap(({ evidence }) =>
      evidence.flatMap((one) => (one.kind === "sysctl" ? [one.name] : [])),
    );
  assert.deepEqual(sysctls(crashWith(lines, panic("panic_on_warn set ..."))), []);
  assert.deepEqual(sysctls(crashWith(OOPS, panic("Fatal exception"))), ["panic_on_oops"]);
});

test("a missing init program is not reported as a missing root file system", () => {
  assert.equal(mechanismOf("panic", "Kernel panic - not syncing: No working init found."), "panic");
});

test("a watchdog, a stack check and an external abort have their own names", () => {
  assert.equal(mechanismOf("workqueue-lockup", undefined), "workqueue");
  assert.equal(mechanismOf("stack-corrupted", undefined), "stack-corrupted");
  assert.equal(mechanismOf("serror", undefined), "hardware");
  assert.equal(mechanismOf("dentry-held", undefined), "warn");
});

test("a command line that the log does not have is not said to lack root=", () => {
  const { texts, findings } = checked(
    rootMissing,
    crashWith([], panic("VFS: Unable to mount root fs on unknown-block(0,0)")),
  );
  assert.match(texts[0] ?? "", /^The root file system could not be mounted/);
  assert.equal(findings[0]?.unknown?.[0]?.what, "the kernel command line");
});

test("another thread of init is not called the first process", () => {
  const task = { address: 0xffff888000000000n } as never;
  const facts = { ...panic("Attempted to kill init! exitcode=0x00000b00"), task, comm: "worker" };
  assert.match(
    checked(initExit, crashWith([], { ...facts, pid: 57 })).texts[0] ?? "",
    /^init, the first process, ended/,
  );
  assert.match(
    checked(initExit, crashWith([], { ...facts, pid: 1 })).texts[0] ?? "",
    /^worker \[1\], the first process,/,
  );
});

test("the killer that sysrq f calls is not said to be a task's request for a page", () => {
  const lines = ["kworker/0:1 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0", "Mem-Info:"];
  const { texts } = checked(outOfMemory, crashWith(lines));
  assert.match(
    texts[0] ?? "",
    /^SysRq f, by its key or by a write of f to .proc.sysrq-trigger, called for the out-of-memory killer/,
  );
  assert.doesNotMatch(texts[0] ?? "", /asked for|exhausted/);
});

test("out of memory in a cgroup names the cgroup and its limit, and why no process was killed", () => {
  const lines = [
    "workload invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
    "CPU: 0 PID: 7 Comm: workload Not tainted 6.1.0 #1",
    "Call Trace:",
    " <TASK>",
    " dump_stack_lvl+0x1/0x2",
    " </TASK>",
    "memory: usage 16384kB, limit 16384kB, failcnt 20",
    "Memory cgroup stats for /lab/a:",
    "Tasks state (memory values in pages):",
    "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
    "[    177]     0   177     4371     4189    69632        0             0 workload",
  ];
  const why = panic("Out of memory: compulsory panic_on_oom is enabled");
  const { findings, texts } = checked(outOfMemory, crashWith(lines, why));
  assert.match(texts[0] ?? "", /the memory cgroup \/lab\/a, which may use 16384 kB\.$/);
  assert.equal(
    texts[1],
    "The kernel panicked instead of killing a process to free memory, because panic_on_oom is set.",
  );
  assert.deepEqual(
    findings.map(({ id }) => id),
    ["oom.request", "oom.unkilled"],
  );
});

test("an earlier watchdog report is not attributed to what the CPUs run now", () => {
  const soft = [
    "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:7]",
    "CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1",
  ];
  const one = checked(stuckCpu, crashWith(soft, { stopped: false }));
  assert.deepEqual(one.findings, []);
  assert.match(one.fault?.message ?? "", /not known to have stopped/);
  const rcu = ["rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu: \t1-....: (1227 ticks this GP) idle=1"];
  const { texts } = checked(rcuStall, crashWith(rcu, { stopped: false }));
  assert.match(texts[0] ?? "", /^The grace period waited for a quiescent state of CPU 1; /);
});

test("the guard page of another stack than the task's is not said to be the task's", () => {
  const lines = ["BUG: IRQ stack guard page was hit at 00000000aa5cec01 (stack is 1..2)", "CPU: 0 PID: 7 Comm: sh"];
  const { findings, fault } = checked(stackOverflow, crashWith(lines));
  assert.deepEqual(findings, []);
  assert.match(fault?.message ?? "", /not the task's: IRQ/);
});

test("an object that was freed to another cache is named by both caches", () => {
  const lines = [
    "------------[ cut here ]------------",
    "cache_from_obj: Wrong slab cache. cup but object is from plate",
    "WARNING: CPU: 0 PID: 7 at mm/slab.h:665 cache_from_obj+0xa1/0x120",
    "Call Trace:",
    " kmem_cache_free+0x15/0x310",
    " wash_up+0x14/0x20",
  ];
  const { texts } = checked(wrongFree, crashWith(lines));
  assert.deepEqual(texts, ["wash_up freed an object of the slab cache plate to the slab cache cup."]);
});

test("a stack whose end was overwritten is not said to have overflowed", () => {
  const words = "corrupted stack end detected inside scheduler";
  const lines = [`Kernel panic - not syncing: ${words}`, "CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1"];
  const { findings, texts } = checked(mechanism, crashWith(lines, panic(words, 0)));
  assert.equal(findings[0]?.slots["mechanism"], "stack-corrupted");
  assert.match(texts[0] ?? "", /^What stopped the kernel was a check that found a kernel stack overwritten/);
});

test("a neighbour whose address an old kernel does not print is not called the entry", () => {
  const lines = [
    "list_del corruption. prev->next should be ffff888000000010, but was ffff888000000030",
    "------------[ cut here ]------------",
    "kernel BUG at lib/list_debug.c:59!",
  ];
  const kernel = toyKernel({ types: "struct list_head { struct list_head *next, *prev; };" });
  const { texts } = checked(listCorruption, crashWith(lines), kernel);
  assert.match(texts[0] ?? "", /^The entry before ffff888000000010 has next = 0xffff888000000030/);
});

test("a module is said not to be on the stack only if there is a stack, and a warning to precede a crash only if there is one", () => {
  const log = KernelLog.of(["WARNING: CPU: 0 PID: 7 at mm/slub.c:10 check_it+0x1/0x20"]);
  const [warning] = log.reports;
  assert.ok(warning);
  const earlier = [factsOf(log, warning)];
  const running = checked(suspects, crashWith([], { earlier, stopped: false }));
  assert.match(running.texts[0] ?? "", /^The kernel reported WARNING in check_it, and went on\.$/);
  const crashed = checked(suspects, crashWith(OOPS, { earlier }));
  assert.match(crashed.texts[0] ?? "", /^Before that .* whether it led to the crash is not known\.$/);
});

test("a BPF program is not called the kernel itself", () => {
  const lines = OOPS.map((line) => line.replace("work+0x5/0x10", "bpf_prog_4daa6d9e84ba792c_watch+0x5/0x10"));
  assert.match(checked(guilty, crashWith(lines)).texts[0] ?? "", /bpf_prog_4daa6d9e84ba792c_watch, a BPF program\.$/);
});

test("the one sentence about a crash leaves out what is only possible, and marks what is likely", () => {
  const finding = (id: string, certainty: Finding["certainty"], slots: Finding["slots"]): Finding => ({
    id,
    severity: "cause",
    certainty,
    slots,
    text: [],
    evidence: [{ kind: "log", line: 0, text: "" }],
  });
  const of = (...findings: Finding[]): string | undefined =>
    verdictSentence({ title: "", key: "", kind: "page-fault", mechanism: "oops", findings, unchecked: [] });
  const user = finding("fault.user-address", "certain", { value: 0x12345678n });
  const cut = (certainty: Finding["certainty"]) =>
    finding("fault.truncated", certainty, { value: 0x12345678n, bits: 32 });
  assert.equal(of(cut("possible"), user), "the address is 0x12345678, a user address");
  assert.equal(of(cut("certain"), user), "the address is 0x12345678, a pointer cut to 32 bits");
  assert.equal(of(finding("fault.err-ptr", "likely", { errno: "EIO" })), "likely: the address is the error EIO");
  const stuck = (certainty: Finding["certainty"]) => finding("cpu.stuck", certainty, { cpu: 0, interrupts: "off" });
  assert.equal(of(stuck("certain")), "CPU 0 was stuck, interrupts off");
  assert.equal(of(stuck("likely")), undefined);
  // A deadlock elsewhere is not what an oops is about.
  const cycle = { ...finding("wait.cycle", "certain", {}), severity: "suspect" } as const;
  assert.equal(of(user, cycle), "the address is 0x12345678, a user address");
  assert.match(of(user, { ...cycle, severity: "cause" }) ?? "", /^deadlock: /);
});

test("a smashed buffer on the stack is not an overflow of the stack", () => {
  assert.equal(mechanismOf("stack-corrupted", undefined), "stack-corrupted");
  assert.equal(mechanismOf("stack-guard", undefined), "stack-overflow");
});

test("the last root= of the command line in memory counts, because the log may have cut it", () => {
  const kernel = toyKernel({
    types: "char *saved_command_line;",
    symbols: { saved_command_line: 0xffffffff82000000n },
    memory: [["saved_command_line", "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro root=/dev/vdb2"]],
  });
  const crash = crashWith([], panic("VFS: Unable to mount root fs on unknown-block(0,0)"));
  const { findings } = checked(rootMissing, crash, kernel);
  assert.equal(findings[0]?.slots["root"], "/dev/vdb2");
});

test("a stack whose end was overwritten, and whose frames leave thousands of bytes free, is not said to be full", () => {
  const kernel = toyKernel({
    types: "struct thread_info { long flags; }; struct task_struct { struct thread_info thread_info; void *stack; };",
    memory: [["struct task_struct", 0xffff888000001000n, { stack: 0xffffc90000000000n }]],
  });
  const bottom = 0xffffc90000000000n;
  kernel.put("unsigned long", bottom, 0x4141414141414141n);
  const frame = (name: string, sp: bigint): unknown => ({ stack: "task", sp, pc: 1n, symbol: { name } });
  const words = "corrupted stack end detected inside scheduler";
  const lines = [`Kernel panic - not syncing: ${words}`, "CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1"];
  const { findings } = checked(
    stackOverflow,
    crashWith(lines, {
      kind: "stack-overflow",
      task: kernel.object("struct task_struct", 0xffff888000001000n),
      frames: [frame("work", bottom + 0x1800n), frame("start", bottom + 0x3f00n)] as never,
    }),
    kernel,
  );
  assert.deepEqual(
    findings.map(({ id }) => id),
    ["stack.end-overwritten"],
  );
});
