import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { cpuTask } from "../sched/cpu.ts";
import { crash } from "./crashReport.ts";
import { isPanicTitle } from "./oops.ts";
import { panicCpu } from "./panicCpu.ts";
import { logLines, logRecords } from "./printk.ts";
import { findTask } from "../sched/task.ts";
import { globalU32 } from "../vmcoreinfo.ts";

/**
 * The line of the log that says why the kernel stopped, as crash shows it under PANIC; undefined for a kernel that
 * was running when its memory was dumped.
 * @throws Fault when the kernel panicked and the log does not say why, and when it is not known whether it did
 */
export function panicMessage(kernel: Kernel): string | undefined {
  const panic = logLines(kernel).find(({ text }) => isPanicTitle(text))?.text;
  if (panic !== undefined) return panic;
  const cpu = panicCpu(kernel);
  // An oops that a kernel survived is no panic: without the words the CPU that panicked must be known.
  if (cpu === undefined) {
    const doubt = whetherPanicked(kernel);
    if (doubt) throw doubt.within("whether the kernel panicked is not known");
    return undefined;
  }
  const { report } = crash(kernel);
  if (report) return report.title;
  const fault = logFault(kernel) ?? Fault.of("unknown", "the log does not say");
  throw fault.within(`why the kernel panicked on CPU ${cpu} is not known`);
}

/** Why it is not known whether the kernel panicked; undefined where it did not. */
function whetherPanicked(kernel: Kernel): Fault | undefined {
  if (saysNoPanic(kernel)) return undefined;
  const fault = logFault(kernel);
  if (fault || kernel.symbols.find("panic_cpu")) return fault;
  // Before Linux kernel commit 1717f2096b54 ("panic, x86: Fix re-entrance problem due to panic on NMI") (in v4.5) there
  // is no panic_cpu. A kernel whose other variables of kernel/panic.c have symbols is one of those.
  if (kernel.symbols.find("tainted_mask") && logLines(kernel).length > 0) return undefined;
  return Fault.of("unknown", "panic_cpu is not among the symbols, and the log has no panic");
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

/** The headline of the report that led to the panic, where one did: `BUG: kernel NULL pointer dereference, ...`. */
export function oopsTitle(kernel: Kernel): string | undefined {
  const { report, panic } = crash(kernel);
  return panic && report?.title;
}

/** The task that panicked; undefined for a kernel that did not. @throws Fault when it did but the task is not known */
export function panicTask(kernel: Kernel): Obj<"struct task_struct"> | undefined {
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
export function firstTask(kernel: Kernel): Obj<"struct task_struct"> {
  const panicked = attempt(() => panicTask(kernel));
  if (panicked && !(panicked instanceof Fault)) return panicked;
  const first = attempt(() => cpuTask(kernel, possibleCpus(kernel)[0] ?? 0));
  if (!(first instanceof Fault)) return first;
  return findTask(kernel, 0) ?? kernel.variable("init_task");
}
