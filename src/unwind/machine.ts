import { attempt, Fault } from "../base/fault.ts";
import { evaluateValue, type Machine } from "../debuginfo/dwarf/expressions/expression.ts";
import type { Kernel } from "../model/kernel.ts";
import { lookupAddress } from "./cursor.ts";
import type { Frame } from "./frame.ts";

/** Calls looked back over for one variable: a call may pass on what its function was called with, and so on. */
const MAX_CALLS = 64;

/** How a variable's value came about. */
export interface Trail {
  /** Calls whose arguments it was concluded from. */
  calls: number;
}

/** What DWARF expressions ask of a frame. */
export function machineOf(kernel: Kernel, frame: Frame, trail: Trail): Machine {
  const { registers } = frame;
  return {
    bias: kernel.code.bias(lookupAddress(frame)),
    register: (number) => registers.get(kernel.arch.dwarfRegisters[number] ?? ""),
    memory: (address, size) => kernel.memory.read(address, size),
    cfa: () => frame.cfa,
    entryValue: (register) => entryValue(kernel, frame, register, trail),
  };
}

/**
 * What a register held when a frame's function was entered: what the call in the caller's frame passed in it (DWARF 5,
 * 3.4.2). Undefined when the debug information of the call does not tell, or tells of a call of another function, which
 * then went on to this one by a jump.
 */
function entryValue(kernel: Kernel, frame: Frame, register: number, trail: Trail): bigint | undefined {
  const { caller } = frame;
  if (!caller || caller.exact || ++trail.calls > MAX_CALLS) return undefined;
  const value = attempt(() => {
    const entered = frame.places().at(-1);
    const call = kernel.code.callSite(caller.pc);
    if (!call || !entered) return undefined;
    const machine = machineOf(kernel, caller, trail);
    const target = call.target;
    const calls = target
      ? evaluateValue(target.bytes, target.unit, machine, [], target.frameBase) === entered.entry
      : call.callee === entered.function;
    const passed = calls ? call.argument(register) : undefined;
    return passed && evaluateValue(passed.bytes, passed.unit, machine, [], passed.frameBase);
  });
  return value instanceof Fault ? undefined : value;
}
