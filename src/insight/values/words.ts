/** Writes instructions, functions and values as words and references. */
import { hex0x } from "../../base/hex.ts";
import { printedPlace } from "../../base/nameOffset.ts";
import type { Effect } from "../../arch/effect.ts";
import { disassembler } from "../../arch/disassembler/disassembler.ts";
import type { Kernel } from "../../model/kernel.ts";
import { sourceOf } from "../source.ts";
import type { Step } from "../check.ts";
import type { Evidence } from "../evidence.ts";
import type { Reference, Sentence } from "../finding.ts";
import { plainName } from "../../log/place.ts";
import { registerOfTarget } from "./callTarget.ts";
import type { Site } from "./site.ts";

/** Returns an instruction as the disassembler prints it, with the name of the function that it calls or jumps to. */
export function* instructionText(kernel: Kernel, effect: Effect): Generator<Step, string, void> {
  const { address, length, target, flow } = effect;
  const decoder = yield* disassembler(kernel.arch);
  const [one] = decoder.instructions(kernel.memory.read(address, length), address, 1);
  if (!one) return "(bad)";
  const callee = target === undefined || flow === "branch" ? undefined : calleeName(kernel, effect, target);
  return `${one.mnemonic} ${one.operands}${callee === undefined ? "" : ` <${callee}>`}`.trim();
}

/**
 * Returns the name of the function that a call or jump leads to; undefined if no symbol begins at the target. The name
 * of a thunk ends with the register that contains its target.
 */
function calleeName(kernel: Kernel, effect: Effect, target: bigint): string | undefined {
  const register = registerOfTarget(kernel, effect);
  if (register !== undefined) return `__x86_indirect_thunk_${register}`;
  const symbol = kernel.symbols.at(target);
  return symbol?.address === target ? symbol.name : undefined;
}

/** Returns a reference to a code address: `f+0x2f`. */
export function placeReference(kernel: Kernel, address: bigint): Reference {
  const symbol = kernel.symbols.at(address);
  const name = symbol ? printedPlace(symbol.name, Number(address - symbol.address), undefined) : hex0x(address);
  return { kind: "symbol", name, address };
}

/** Returns ` at file:line`, if debuginfo has it. */
export function sourceWords(kernel: Kernel, pc: bigint): Sentence {
  const source = sourceOf(kernel, pc);
  return source ? [" at ", { kind: "source", file: source.file, line: source.line }] : [];
}

/** Returns the function of a site, without compiler suffixes. */
export const functionName = ({ graph }: Site): string => plainName(graph.symbol.name);

/**
 * Returns the name of the function that a site's function returns to; undefined if it has no symbol. That function may
 * have called another one, which ended with a jump to the site's.
 */
export const callerName = ({ frame, caller }: Site): string | undefined => {
  const name = caller ? caller.graph.symbol.name : frame.caller?.symbol?.name;
  return name === undefined ? undefined : plainName(name);
};

/** Returns the evidence that a register had a value at a site. */
export const registerEvidence = (site: Site, task: bigint, name: string, value: bigint): Evidence => ({
  kind: "register",
  task,
  pc: site.frame.pc,
  name,
  value,
});

/** Returns "NULL" for 0, otherwise the number in hexadecimal. */
export const valueText = (value: bigint): string => (value === 0n ? "NULL" : hex0x(value));
