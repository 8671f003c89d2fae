import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Stack } from "../unwind/frame.ts";
import { scannedStack } from "../unwind/scan.ts";
import { stoodAt, switchedOut } from "../unwind/start.ts";
import { unwind } from "../unwind/unwind.ts";
import { cpuNote, runningOn } from "./cpu.ts";

/**
 * A task's kernel stack, from where it slept, or, for a task that was running, from the registers that its CPU saved.
 * A stack that cannot be begun is one without frames whose fault says why.
 */
export function stackTrace(kernel: Kernel, task: Obj): Stack {
  const stack = attempt(() => trace(kernel, task));
  return stack instanceof Fault ? { frames: [], userTrap: undefined, fault: stack } : stack;
}

function trace(kernel: Kernel, task: Obj): Stack {
  const cpu = runningOn(kernel, task);
  if (cpu === undefined) return unwind(kernel, switchedOut(kernel, task), task);
  const note = cpuNote(kernel, cpu);
  return note ? unwind(kernel, stoodAt(kernel, note.registers), task) : scannedStack(kernel, task);
}
