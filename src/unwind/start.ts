/** Where unwinding starts: saved registers of a task or a CPU. */
import type { Registers } from "../arch/arch.ts";
import type { SwitchFrame } from "../arch/unwindRule.ts";
import { Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { savedBy } from "./backchain.ts";
import { type FrameCursor, cursorOf } from "./cursor.ts";
import { callerOf } from "./linkageArea.ts";
import { taskStackRange } from "./stacks.ts";

/**
 * Returns a cursor with the registers that `switch_to` saved of a task that is not running. @throws Fault unmapped for
 * a task without a stack, corrupt if pc or sp are missing
 */
export function switchedOut(kernel: Kernel, task: Obj): FrameCursor {
  taskStackRange(kernel, task);
  const cursor = saved(kernel, task);
  if (!cursor) throw Fault.of("corrupt", "the saved registers lack pc or sp");
  // A task that never ran starts at the first instruction of its function, which is not a return address.
  const starts = kernel.symbols.at(cursor.pc)?.address === cursor.pc;
  return starts ? { ...cursor, exact: true } : cursor;
}

function saved(kernel: Kernel, task: Obj): FrameCursor | undefined {
  const { switchFrame } = kernel.arch;
  switch (switchFrame.kind) {
    case "on stack":
      return onStack(kernel, task, switchFrame);
    case "in task":
      return inTask(kernel, task.at(switchFrame.path), switchFrame.aliases);
    case "back chain":
      return savedBy(kernel, task.at(switchFrame.sp).value());
    case "linkage area":
      return callerOf(kernel, task.at(switchFrame.sp).value());
  }
}

function onStack(
  kernel: Kernel,
  task: Obj,
  { sp, type, returnAddress, registers: members }: Extract<SwitchFrame, { kind: "on stack" }>,
): FrameCursor | undefined {
  const frame = kernel.object(type, task.at(sp).value());
  const registers = new Map<string, bigint>();
  for (const [register, member] of members) if (frame.has(member)) registers.set(register, frame.at(member).value());
  const returns = frame.at(returnAddress);
  registers.set(kernel.arch.pc, returns.value());
  registers.set(kernel.arch.sp, returns.address + BigInt(kernel.arch.wordSize));
  return cursorOf(kernel, registers, false);
}

/** Reads the registers that the task itself contains. @param context the callee-saved registers, by member */
function inTask(kernel: Kernel, context: Obj, aliases: ReadonlyMap<string, string>): FrameCursor | undefined {
  const registers = new Map<string, bigint>();
  for (const name of [...kernel.arch.registers, ...aliases.keys()])
    if (context.has(name)) registers.set(aliases.get(name) ?? name, context.at(name).value());
  registers.set(kernel.arch.pc, kernel.memory.canonical(registers.get(kernel.arch.pc) ?? 0n));
  return cursorOf(kernel, registers, false);
}

/** Returns where a CPU was when its registers were saved. @throws Fault corrupt without pc or sp */
export function savedCursor(kernel: Kernel, registers: Registers): FrameCursor {
  const cursor = cursorOf(kernel, registers, true) ?? lastReturn(kernel, registers);
  if (!cursor) throw Fault.of("corrupt", "the saved registers lack pc or sp");
  return cursor;
}

/**
 * Returns the place to which the latest call returns or has returned, from the link register of a note without a pc: that
 * function was running, or it called one that has called nothing yet. Undefined without a link register.
 */
function lastReturn(kernel: Kernel, registers: Registers): FrameCursor | undefined {
  const link = registers.get(kernel.arch.linkRegister ?? "");
  if (link === undefined) return undefined;
  const known = new Map([...registers, [kernel.arch.pc, link]] as const);
  known.delete(kernel.arch.linkRegister ?? "");
  return cursorOf(kernel, known, false);
}
