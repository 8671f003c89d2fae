/** Finds what each CPU was doing before it was stopped. */
import type { Registers } from "../arch/arch.ts";
import { attempt, Fault } from "../base/fault.ts";
import { crashSite } from "../linux/printk/crashSite.ts";
import { runningTasks } from "../linux/sched/cpu.ts";
import { taskComm, taskPid } from "../linux/sched/task.ts";
import { stackTrace } from "../linux/sched/stackTrace.ts";
import { perCpuVariable } from "../kernel/percpu.ts";
import { derivedFor } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Frame } from "../unwind/frame.ts";

/** What a CPU was doing before it was stopped. */
export interface CpuContext {
  readonly cpu: number;
  readonly task: Obj;
  readonly pid: number;
  readonly comm: string;
  /** Frames from the interrupted code outwards; empty if the stack cannot be unwound, and for user code. */
  readonly frames: readonly Frame[];
  /** Registers of the first frame; undefined if they were not saved. */
  readonly registers: Registers | undefined;
  /** Whether interrupts were enabled; undefined if the flags were not saved. */
  readonly interrupts: "on" | "off" | undefined;
  /** The run queue's clock at its last update, in nanoseconds; undefined if it cannot be read. */
  readonly clock: bigint | undefined;
}

/** Returns what a CPU was doing; undefined if its task is not known. */
export const cpuContext = derivedFor("CPU contexts", (kernel, cpu: number): CpuContext | undefined => {
  const running = runningTasks(kernel).find((one) => one.cpu === cpu);
  if (!running) return undefined;
  const { task } = running;
  const known = attempt(() => ({ pid: taskPid(task), comm: taskComm(task) }));
  if (known instanceof Fault) return undefined;
  const stack = stackTrace(kernel, task);
  const frames = stack.frames.slice(interruptedSite(stack.frames));
  const [first] = frames;
  const registers = first?.trap?.registers ?? (first?.exact ? first.registers : undefined);
  const clock = attempt(() => perCpuVariable(kernel, "runqueues", cpu).at("clock").value());
  return {
    cpu,
    task,
    ...known,
    frames,
    registers,
    interrupts: registers && interruptsOf(kernel, registers),
    clock: clock instanceof Fault ? undefined : clock,
  };
});

/**
 * Returns the index of the frame that was interrupted: the one after the innermost trap from kernel code, through which
 * the stop or the watchdog arrived; without one, the frame that called the functions that stop a machine.
 */
const interruptedSite = (frames: readonly Frame[]): number => (frames.length === 0 ? 0 : crashSite(frames));

/** Returns whether interrupts were enabled. Sources: RFLAGS.IF on x86, PSTATE.I on arm64. */
function interruptsOf({ arch }: Kernel, registers: Registers): "on" | "off" | undefined {
  return arch.interruptsEnabled?.(registers) === undefined
    ? undefined
    : arch.interruptsEnabled(registers)
      ? "on"
      : "off";
}
