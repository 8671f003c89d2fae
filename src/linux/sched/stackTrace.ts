/** Kernel stack of a task. */
import type { Registers } from "../../arch/arch.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { FrameCursor } from "../../unwind/cursor.ts";
import type { Stack } from "../../unwind/frame.ts";
import { scannedStack, stackInterruptedAt } from "../../unwind/scan.ts";
import { savedCursor, switchedOut } from "../../unwind/start.ts";
import type { ExceptionDetails } from "../../arch/arch.ts";
import { unwind } from "../../unwind/unwind.ts";
import { cpuNote, runningOn } from "./cpu.ts";
import { oopses } from "../printk/oops.ts";

/**
 * Returns a task's kernel stack: from where it was switched out or, for a running task, from the registers that its CPU
 * saved. If unwinding cannot start, the stack has no frames and a fault with the reason.
 */
export function stackTrace(kernel: Kernel, task: Obj<"struct task_struct">): Stack {
  const stack = attempt(() => trace(kernel, task));
  return stack instanceof Fault ? { frames: [], userTrap: undefined, fault: stack } : stack;
}

function trace(kernel: Kernel, task: Obj<"struct task_struct">): Stack {
  const cpu = runningOn(kernel, task);
  if (cpu === undefined) return stackFrom(kernel, task, switchedOut(kernel, task));
  const note = cpuNote(kernel, cpu);
  if (!note) return scannedStack(kernel, task);
  const start = savedCursor(kernel, note.registers);
  const stack = stackFrom(kernel, task, start, start.exact ? undefined : "link register");
  if (!stack.fault) return stack;
  if (!start.exact) return scannedStack(kernel, task);
  return recordedStack(kernel, task, start, stack) ?? stackAtVector(kernel, task, note.registers, stack) ?? stack;
}

/**
 * Returns the stack of a task whose CPU was stopped at an exception vector, where the registers do not say where the
 * stack of the interrupted function is. User code has no frames.
 */
function stackAtVector(
  kernel: Kernel,
  task: Obj<"struct task_struct">,
  registers: Registers,
  broken: Stack,
): Stack | undefined {
  const pc = kernel.arch.interruptedAt?.(registers);
  if (pc === undefined) return undefined;
  if (!kernel.memory.isKernelAddress(pc)) return { ...broken, fault: undefined };
  const found = attempt(() => stackInterruptedAt(kernel, task, pc));
  return found instanceof Fault ? undefined : found;
}

/**
 * Returns the stack that results from the chain of frame records to which x29 points (arm64), to replace a stack whose
 * unwinding failed. At some instructions nothing says how much of the function has been executed, so that rules for the
 * other registers give wrong results.
 */
function recordedStack(
  kernel: Kernel,
  task: Obj<"struct task_struct">,
  start: FrameCursor,
  broken: Stack,
): Stack | undefined {
  if (!kernel.arch.recordRules) return undefined;
  const known = new Map(start.known);
  known.delete("x30");
  const from = { ...start, known, registers: () => start.known };
  const stack = unwind(kernel, from, {
    task,
    fromLog: (registers) => loggedException(kernel, registers),
    byRecords: true,
  });
  return stack.fault || stack.frames.length < broken.frames.length ? undefined : stack;
}

/**
 * Returns a task's stack from a start position. Details of exceptions are taken from the kernel log if the stack does
 * not have them.
 * @throws Fault
 */
export function stackFrom(kernel: Kernel, task: Obj<"struct task_struct">, start: FrameCursor, doubt?: string): Stack {
  const fromLog = (registers: Registers): ExceptionDetails | undefined => loggedException(kernel, registers);
  return unwind(kernel, start, { task, fromLog, ...(doubt === undefined ? {} : { doubt }) });
}

/** `RSP: 0018:ffffd11f40523cd8` of x86, `sp : ffff80008002b8f0` of arm64. */
const STACK_POINTER = /\b(?:RSP: [0-9a-f]{4}:|sp ?: )([0-9a-f]{8,16})\b/;

/**
 * Returns what the kernel log says about an exception with these registers; undefined if it says nothing. The report of
 * the exception is identified by the stack pointer.
 */
function loggedException(kernel: Kernel, registers: Registers): ExceptionDetails | undefined {
  const sp = registers.get(kernel.arch.sp);
  const reports = attempt(() => oopses(kernel));
  if (sp === undefined || reports instanceof Fault) return undefined;
  return reports.find(({ lines }) => lines.some((line) => BigInt(`0x${STACK_POINTER.exec(line)?.[1] ?? 0}`) === sp));
}
