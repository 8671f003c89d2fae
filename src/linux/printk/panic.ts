/** Panic message and panic task. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { cpuTask } from "../sched/cpu.ts";
import { crash, hungPid } from "./crashReport.ts";
import { isPanicTitle } from "./oops.ts";
import { panicCpu } from "./panicCpu.ts";
import { logLines, logRecords } from "./printk.ts";
import { findTask } from "../sched/task.ts";
import { globalU32 } from "../vmcoreinfo.ts";

/**
 * Returns the log line that says why the kernel stopped, which crash shows as PANIC; undefined if the kernel was
 * running when its memory was dumped. @throws Fault if the kernel panicked and the log does not have the reason, or if
 * it is not known whether it panicked
 */
export function panicMessage(kernel: Kernel): string | undefined {
  const panic = logLines(kernel).find(({ text }) => isPanicTitle(text))?.text;
  if (panic !== undefined) return panic;
  const cpu = panicCpu(kernel);
  // The kernel may have survived an oops. Without the panic's line, the panic CPU must be known.
  if (cpu === undefined) {
    const doubt = panicDoubt(kernel);
    if (doubt) throw doubt.within("it is not known whether the kernel panicked");
    return undefined;
  }
  const { report } = crash(kernel);
  if (report) return report.title;
  const fault = logFault(kernel) ?? Fault.of("unknown", "the log does not contain the reason");
  throw fault.within(`the reason for the panic on CPU ${cpu} is not known`);
}

/** Returns why it is not known whether the kernel panicked; undefined if it did not panic. */
function panicDoubt(kernel: Kernel): Fault | undefined {
  if (isPanicCpuInvalid(kernel)) return undefined;
  const fault = logFault(kernel);
  if (fault || kernel.symbols.find("panic_cpu")) return fault;
  // There is no panic_cpu before Linux kernel commit 1717f2096b54 ("panic, x86: Fix re-entrance problem due to panic on
  // NMI") (in v4.5). If other variables of kernel/panic.c have symbols, the kernel is older than that.
  if (kernel.symbols.find("tainted_mask") && logLines(kernel).length > 0) return undefined;
  return Fault.of("unknown", "panic_cpu is not among the symbols, and the log has no panic");
}

const PANIC_CPU_INVALID = 0xffff_ffff;

/** Whether `panic_cpu` exists and contains no CPU. Then the log is not needed. */
const isPanicCpuInvalid = (kernel: Kernel): boolean =>
  attempt(() => globalU32(kernel, "panic_cpu")) === PANIC_CPU_INVALID;

/** Returns the first fault of the log, because of which the panic's line can be missing; undefined without one. */
function logFault(kernel: Kernel): Fault | undefined {
  return attempt(() => {
    for (const record of logRecords(kernel)) if (record instanceof Fault) return record;
    return undefined;
  });
}

/**
 * Returns the headline of the report that led to the panic, such as `BUG: kernel NULL pointer dereference, ...`;
 * undefined if none did.
 */
export function oopsTitle(kernel: Kernel): string | undefined {
  const { report, panic } = crash(kernel);
  return panic && report?.title;
}

/**
 * Returns the task that panicked; undefined if the kernel did not panic. @throws Fault if it did and the task is not
 * known
 */
export function panicTask(kernel: Kernel): Obj<"struct task_struct"> | undefined {
  const cpu = panicCpu(kernel);
  return cpu === undefined ? undefined : cpuTask(kernel, cpu);
}

/** Returns why `firstTask` fell back to another task than the panicking or the running one; undefined if it did not. */
export function firstTaskFault(kernel: Kernel): Fault | undefined {
  const panicked = attempt(() => panicTask(kernel));
  if (panicked instanceof Fault) return panicked.within("the task that panicked cannot be read");
  const running = panicked ?? attempt(() => cpuTask(kernel, possibleCpus(kernel)[0] ?? 0));
  return running instanceof Fault
    ? running.within("the task that the first CPU was running cannot be read")
    : undefined;
}

/**
 * Returns the task with which a session starts: the panicking task, else the task that the first CPU was running, else
 * init_task. @throws Fault
 */
export function firstTask(kernel: Kernel): Obj<"struct task_struct"> {
  const panicked = attempt(() => panicTask(kernel));
  if (panicked && !(panicked instanceof Fault)) return panicked;
  const first = attempt(() => cpuTask(kernel, possibleCpus(kernel)[0] ?? 0));
  if (!(first instanceof Fault)) return first;
  return findTask(kernel, 0) ?? kernel.variable("init_task");
}

/**
 * Returns the first hung task, if the kernel panicked because of hung tasks; undefined if it did not, or if no task has
 * the PID. @throws Fault
 */
export function hungTask(kernel: Kernel): Obj<"struct task_struct"> | undefined {
  const pid = hungPid(crash(kernel));
  return pid === undefined ? undefined : findTask(kernel, pid);
}
