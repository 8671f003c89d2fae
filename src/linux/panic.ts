import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { nrCpuIds, possibleCpus } from "./cpumask.ts";
import { cpuTask } from "./cpu.ts";
import { logLines, logRecords } from "./printk.ts";
import { findTask } from "./task.ts";
import { globalU32 } from "./vmcoreinfo.ts";

/** What starts the report of a panic, an oops or a lockup, the panic's own words first. */
const REASONS: readonly RegExp[] = [
  /^Kernel panic - not syncing/,
  /^kernel BUG at /,
  /^(BUG: unable to handle|BUG: kernel NULL pointer|Unable to handle kernel)/,
  /^(general protection fault|double fault|divide error|stack segment|traps: PANIC)/,
  /^(watchdog: BUG|NMI watchdog: (BUG|Watchdog detected)|Watchdog detected|rcu: INFO: .* self-detected stall)/,
  /^Oops: /,
  /^(Internal error|specification exception|addressing exception)/,
  /^sysrq: (SysRq : )?Trigger a crash/i,
];

const isPanic = (line: string): boolean => line.startsWith("Kernel panic - not syncing");

/** What stands at the head of an oops: any of the reasons but the panic itself. */
const isHeadline = (line: string): boolean =>
  REASONS.slice(1).some((reason) => reason.test(line)) || /^(BUG|INFO|UBSAN|KASAN): /.test(line);

/**
 * The line of the log that says why the kernel stopped, as crash shows it under PANIC; undefined for a kernel that
 * was running when its memory was dumped.
 * @throws Fault when neither the log nor the kernel's own mark of a panic can be read: it may have panicked
 */
export function panicMessage(kernel: Kernel): string | undefined {
  const lines = logLines(kernel);
  const panic = lines.find(({ text }) => isPanic(text))?.text;
  // An oops that a kernel survived is no panic: without the words the CPU that panicked must be known.
  if (panic !== undefined) return panic;
  if (panicCpu(kernel) === undefined) {
    const fault = saysNoPanic(kernel) ? undefined : logFault(kernel);
    if (fault) throw fault.within("whether the kernel panicked is not known");
    return undefined;
  }
  for (const reason of REASONS) {
    const line = lines.findLast(({ text }) => reason.test(text));
    if (line !== undefined) return line.text;
  }
  return undefined;
}

const PANIC_CPU_INVALID = 0xffff_ffff;

/** `panic_cpu` is there and names no CPU: the log need not be asked. */
const saysNoPanic = (kernel: Kernel): boolean => attempt(() => globalU32(kernel, "panic_cpu")) === PANIC_CPU_INVALID;

/** Why words may be missing from the log, where some may. */
function logFault(kernel: Kernel): Fault | undefined {
  return attempt(() => {
    for (const record of logRecords(kernel)) if (record instanceof Fault) return record;
    return undefined;
  });
}

/** An oops that led to a panic was reported at most so long before it: watchdogs print many stacks first. */
const MAX_SECONDS_BEFORE = 60;
/** Lines between two headlines of one oops, such as `BUG: kernel NULL pointer dereference` and `Oops: 0002 [#1]`. */
const MAX_LINES_BETWEEN = 8;

/** The headline of the report that led to the panic, where one did: `BUG: kernel NULL pointer dereference, ...`. */
export function oopsTitle(kernel: Kernel): string | undefined {
  const lines = logLines(kernel);
  const panic = lines.findIndex(({ text }) => isPanic(text));
  const before = panic < 0 ? lines.length : panic;
  const end = lines[Math.min(before, lines.length - 1)]?.seconds ?? 0;
  let title: { readonly text: string; readonly at: number } | undefined;
  for (let at = before - 1; at >= 0; at--) {
    const { text = "", seconds = end } = lines[at] ?? {};
    if (end - seconds > MAX_SECONDS_BEFORE || (title && title.at - at > MAX_LINES_BETWEEN)) break;
    if (isHeadline(text)) title = { text, at };
  }
  return title?.text;
}

/** The CPU that panicked: `panic_cpu` (kernel/panic.c), else x86's `crashing_cpu`, else what the log says; undefined when none did. */
export function panicCpu(kernel: Kernel): number | undefined {
  return kernel.memo("panic CPU", () => {
    for (const name of ["panic_cpu", "crashing_cpu"]) {
      const cpu = attempt(() => globalU32(kernel, name));
      const limit = attempt(() => nrCpuIds(kernel));
      if (typeof cpu === "number" && typeof limit === "number" && cpu < limit) return cpu;
    }
    return kernel.symbols.find("panic_cpu") ? undefined : loggedCpu(kernel);
  });
}

/** `CPU: 1 PID: 42 Comm: ...` in the report of the panic (lib/dump_stack.c). */
function loggedCpu(kernel: Kernel): number | undefined {
  const lines = logLines(kernel);
  if (!lines.some(({ text }) => isPanic(text))) return undefined;
  const line = lines.findLast(({ text }) => /^CPU: \d+ (UID: \d+ )?PID: /.test(text));
  return line === undefined ? undefined : Number(/\d+/.exec(line.text)?.[0]);
}

/** The task that panicked; undefined for a kernel that did not. @throws Fault when it did but the task is not known */
export function panicTask(kernel: Kernel): Obj | undefined {
  const cpu = panicCpu(kernel);
  return cpu === undefined ? undefined : cpuTask(kernel, cpu);
}

/** Why `firstTask` is but another task in place of the one that panicked, or ran first; undefined when it is that. */
export function firstTaskFault(kernel: Kernel): Fault | undefined {
  const panicked = attempt(() => panicTask(kernel));
  if (panicked instanceof Fault) return panicked.within("the task that panicked cannot be read");
  const running = panicked ?? attempt(() => cpuTask(kernel, possibleCpus(kernel)[0] ?? 0));
  return running instanceof Fault ? running.within("what the first CPU was running cannot be read") : undefined;
}

/** Where a session starts: the panicking task, else what the first CPU was running, else init_task. @throws Fault */
export function firstTask(kernel: Kernel): Obj {
  const panicked = attempt(() => panicTask(kernel));
  if (panicked && !(panicked instanceof Fault)) return panicked;
  const first = attempt(() => cpuTask(kernel, possibleCpus(kernel)[0] ?? 0));
  if (!(first instanceof Fault)) return first;
  return findTask(kernel, 0) ?? kernel.variable("init_task");
}
