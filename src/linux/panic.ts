import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { nrCpuIds, possibleCpus } from "./cpumask.ts";
import { cpuTask } from "./cpu.ts";
import { logLines } from "./printk.ts";
import { findTask } from "./task.ts";
import { globalU32 } from "./vmcoreinfo.ts";

/** What starts the report of a panic, an oops or a lockup, the panic's own words first. */
const REASONS: readonly RegExp[] = [
  /^Kernel panic - not syncing/,
  /^kernel BUG at /,
  /^(BUG: unable to handle|BUG: kernel NULL pointer|Unable to handle kernel)/,
  /^(general protection fault|double fault|divide error|stack segment|traps: PANIC)/,
  /^(watchdog: BUG|NMI watchdog: |Watchdog detected)/,
  /^Oops: /,
  /^(Internal error|specification exception|addressing exception)/,
  /^sysrq: (SysRq : )?Trigger a crash/i,
];

/** What stands at the head of an oops: any of the reasons but the panic itself. */
const isHeadline = (line: string): boolean =>
  REASONS.slice(1).some((reason) => reason.test(line)) || /^(BUG|INFO|UBSAN|KASAN): /.test(line);

/**
 * The line of the log that says why the kernel stopped, as crash shows it under PANIC; undefined for a kernel that
 * was running when its memory was dumped.
 */
export function panicMessage(kernel: Kernel): string | undefined {
  const lines = logLines(kernel);
  const panic = lines.find((line) => REASONS[0]?.test(line));
  // An oops that a kernel survived is no panic: without the words the CPU that panicked must be known.
  if (panic !== undefined || panicCpu(kernel) === undefined) return panic;
  for (const reason of REASONS) {
    const line = lines.findLast((candidate) => reason.test(candidate));
    if (line !== undefined) return line;
  }
  return undefined;
}

/** The headline of the oops that led to the panic, where one did: `BUG: kernel NULL pointer dereference, ...`. */
export function oopsTitle(kernel: Kernel): string | undefined {
  const lines = logLines(kernel);
  const panic = lines.findIndex((line) => REASONS[0]?.test(line));
  let title: string | undefined;
  let ends = 0;
  for (let i = (panic < 0 ? lines.length : panic) - 1; i >= 0; i--) {
    const line = lines[i] ?? "";
    // One oops reaches up to where the report before it ended.
    if (line.startsWith("---[ end trace") && ++ends > 1) break;
    if (line.startsWith("------------[ cut here") && title !== undefined) break;
    if (isHeadline(line)) title = line;
  }
  return title;
}

/** The CPU that panicked: `panic_cpu` (kernel/panic.c), else x86's `crashing_cpu`, else what the log says; undefined when none did. */
export function panicCpu(kernel: Kernel): number | undefined {
  return kernel.memo("panic CPU", () => {
    for (const name of ["panic_cpu", "crashing_cpu"]) {
      const cpu = attempt(() => globalU32(kernel, name));
      const limit = attempt(() => nrCpuIds(kernel));
      // PANIC_CPU_INVALID is -1.
      if (typeof cpu === "number" && typeof limit === "number" && cpu < limit) return cpu;
    }
    return kernel.symbols.find("panic_cpu") ? undefined : loggedCpu(kernel);
  });
}

/** `CPU: 1 PID: 42 Comm: ...` in the report of the panic (lib/dump_stack.c). */
function loggedCpu(kernel: Kernel): number | undefined {
  const lines = logLines(kernel);
  if (!lines.some((line) => REASONS[0]?.test(line))) return undefined;
  const line = lines.findLast((candidate) => /^CPU: \d+ (UID: \d+ )?PID: /.test(candidate));
  return line === undefined ? undefined : Number(/\d+/.exec(line)?.[0]);
}

/** The task that panicked; undefined for a kernel that did not. @throws Fault when it did but the task is not known */
export function panicTask(kernel: Kernel): Obj | undefined {
  const cpu = panicCpu(kernel);
  return cpu === undefined ? undefined : cpuTask(kernel, cpu);
}

/** Where a session starts: the panicking task, else what the first CPU was running, else init_task. @throws Fault */
export function firstTask(kernel: Kernel): Obj {
  const panicked = attempt(() => panicTask(kernel));
  if (panicked && !(panicked instanceof Fault)) return panicked;
  const first = attempt(() => cpuTask(kernel, possibleCpus(kernel)[0] ?? 0));
  if (!(first instanceof Fault)) return first;
  return findTask(kernel, 0) ?? kernel.variable("init_task");
}
