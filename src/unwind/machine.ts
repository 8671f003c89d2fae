/** The state of a frame that DWARF expressions read. */
import { attempt, Fault } from "../base/fault.ts";
import { evaluateValue, type Machine } from "../debuginfo/dwarf/expressions/expression.ts";
import type { Kernel } from "../model/kernel.ts";
import { lookupAddress } from "./cursor.ts";
import type { Frame } from "./frame.ts";

/** Maximum number of calls followed to infer one variable: a function can pass on what it was called with. */
const MAX_CALLS = 64;

/** Counts the calls that were followed to infer the value of a variable. */
export interface InferenceCount {
  /** Number of calls from whose arguments the value was inferred. */
  calls: number;
}

/** Makes the interface of a frame for DWARF expressions. */
export function machineOf(kernel: Kernel, frame: Frame, inferred: InferenceCount): Machine {
  const { registers } = frame;
  return {
    bias: kernel.code.bias(lookupAddress(frame)),
    register: (number) => registers.get(kernel.arch.dwarfRegisters[number] ?? ""),
    memory: (address, size) => kernel.memory.read(address, size),
    cfa: () => frame.cfa,
    entryValue: (register) => entryValue(kernel, frame, register, inferred),
  };
}

/**
 * Returns a register's value at entry of a frame's function, which the call in the caller's frame passed (DWARF 5,
 * 3.4.2). Undefined if the debug information does not describe the call, or describes a call of another function that
 * jumped to this one; if there is no caller, or it was interrupted and did not call; if the value cannot be read; or if
 * MAX_CALLS is exceeded.
 */
function entryValue(kernel: Kernel, frame: Frame, register: number, inferred: InferenceCount): bigint | undefined {
  const { caller } = frame;
  if (!caller || caller.exact || ++inferred.calls > MAX_CALLS) return undefined;
  const value = attempt(() => {
    const entered = frame.places().at(-1);
    const call = kernel.code.callSite(caller.pc);
    if (!call || !entered) return undefined;
    const machine = machineOf(kernel, caller, inferred);
    const target = call.target;
    const isEntered = target
      ? evaluateValue(target.bytes, target.unit, machine, [], target.frameBase) === entered.entry
      : call.callee === entered.function;
    const passed = isEntered ? call.argument(register) : undefined;
    return passed && evaluateValue(passed.bytes, passed.unit, machine, [], passed.frameBase);
  });
  return value instanceof Fault ? undefined : value;
}
