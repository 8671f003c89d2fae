/** Evaluates the arguments of calls on the stack. */
import { entryValue, type Site, valueAt } from "./site.ts";

/** Returns what a call passed in a register; undefined if the code before the call does not show it. */
export function argumentOf(caller: Site, register: string): bigint | undefined {
  const value = argumentAt(caller, caller.index, register);
  const others = caller.otherJumps ?? [];
  return others.every((index) => argumentAt(caller, index, register) === value) ? value : undefined;
}

/**
 * Returns what a call passed in a register when it was last executed; undefined if the code does not show it.
 * @param caller the call that is on the stack
 * @param index of that call, or of an earlier one in the same function
 */
export function argumentAt(caller: Site, index: number, register: string): bigint | undefined {
  const { graph } = caller;
  // A call does not preserve its argument registers, so only the code before it shows their values.
  const before: Site = { ...caller, registers: preservedRegisters(caller) };
  const [definition, ...more] = graph.definitions(register, index);
  if (!definition || more.length > 0 || definition.kind === "unknown") return undefined;
  if (definition.kind === "entry") return entryValue(before, register);
  const value = graph.effects[definition.index]?.writes.get(register);
  return value && valueAt(before, value, definition.index);
}

/** Returns the registers that a call preserves. */
export const preservedRegisters = ({ kernel, registers }: Site): ReadonlyMap<string, bigint> => {
  const { calleeSaved, sp, framePointer } = kernel.arch;
  return new Map([...registers].filter(([name]) => name === sp || name === framePointer || calleeSaved.includes(name)));
};
