/** Names arguments by the caller's source. */
import { type Expression, loadExpression, originExpression } from "./expression.ts";
import { preservedRegisters } from "./passed.ts";
import type { Site } from "./site.ts";

/**
 * Returns the caller's expression for an argument that is still in its register before an instruction; undefined if the
 * call is not known or its code does not name the argument.
 * @param bits number of low bits of the argument that the expression is for
 */
export function passedExpression(site: Site, register: string, index: number, bits: number): Expression | undefined {
  const { calledFrom, graph } = site;
  const [definition, ...more] = graph.definitions(register, index);
  if (definition?.kind !== "entry" || more.length > 0 || !calledFrom || calledFrom.otherJumps) return undefined;
  const caller = { ...calledFrom, registers: preservedRegisters(calledFrom) };
  return originExpression(caller, register, caller.index) ?? storedExpression(caller, register, bits);
}

/** Maximum number of instructions between the store of a value and its use. */
const MAX_STORE = 16;

/**
 * Returns the expression of the memory that a register was stored to since it got its value: `device->interval`;
 * undefined if there is no store of at least `bits` bits of it.
 */
function storedExpression(site: Site, register: string, bits: number): Expression | undefined {
  const { graph } = site;
  let at = site.index;
  for (let steps = 0; steps < MAX_STORE; steps++) {
    const [before, ...more] = graph.predecessorsOf(at);
    if (before === undefined || more.length > 0 || graph.writes(before, register)) return undefined;
    const { stores, access } = graph.effects[before] ?? {};
    if (stores?.kind === "register" && stores.name === register && access && access.size * 8 >= bits)
      return loadExpression(site, access.place, access.size, before);
    at = before;
  }
  return undefined;
}
