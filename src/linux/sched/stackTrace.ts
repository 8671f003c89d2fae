import type { Registers } from "../../arch/arch.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Cursor } from "../../unwind/cursor.ts";
import type { Stack } from "../../unwind/frame.ts";
import { scannedStack } from "../../unwind/scan.ts";
import { stoodAt, switchedOut } from "../../unwind/start.ts";
import type { FaultDetails } from "../../unwind/trap.ts";
import { unwind } from "../../unwind/unwind.ts";
import { cpuNote, runningOn } from "./cpu.ts";
import { oopses } from "../printk/oops.ts";

/**
 * A task's kernel stack, from where it slept, or, for a task that was running, from the registers that its CPU saved.
 * A stack that cannot be begun is one without frames whose fault says why.
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
  const start = stoodAt(kernel, note.registers);
  const stack = stackFrom(kernel, task, start);
  return stack.fault ? (recordedStack(kernel, task, start, stack) ?? stack) : stack;
}

/**
 * arm64: the stack by the chain of frame records that x29 points at, in place of one that came to no end. A CPU may be
 * caught where nothing tells how far its function had got, so that its other registers lead astray.
 */
function recordedStack(
  kernel: Kernel,
  task: Obj<"struct task_struct">,
  start: Cursor,
  broken: Stack,
): Stack | undefined {
  if (!kernel.arch.recordRules) return undefined;
  const known = new Map(start.known);
  known.delete("x30");
  const from = { ...start, known, registers: () => start.known };
  const stack = unwind(kernel, from, {
    task,
    reported: (registers) => reportedFault(kernel, registers),
    byRecords: true,
  });
  return stack.fault || stack.frames.length < broken.frames.length ? undefined : stack;
}

/** A task's stack from a place on it, faults told as the kernel's own report of them does. @throws Fault */
export function stackFrom(kernel: Kernel, task: Obj<"struct task_struct">, start: Cursor): Stack {
  return unwind(kernel, start, { task, reported: (registers) => reportedFault(kernel, registers) });
}

/** `RSP: 0018:ffffd11f40523cd8` of x86, `sp : ffff80008002b8f0` of arm64. */
const STACK_POINTER = /\b(?:RSP: [0-9a-f]{4}:|sp ?: )([0-9a-f]{8,16})\b/;

/** What the kernel's own report of a fault with these registers says: the same stack pointer tells that it is that. */
function reportedFault(kernel: Kernel, registers: Registers): FaultDetails | undefined {
  const sp = registers.get(kernel.arch.sp);
  const reports = attempt(() => oopses(kernel));
  if (sp === undefined || reports instanceof Fault) return undefined;
  return reports.find(({ lines }) => lines.some((line) => BigInt(`0x${STACK_POINTER.exec(line)?.[1] ?? 0}`) === sp));
}
