/** Builds the control-flow graph of a function from its instructions. */
import { effectDecoder } from "../../arch/disassembler/effects.ts";
import type { Effect } from "../../arch/effect.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { fixupsOf } from "../../linux/exceptionTable.ts";
import { coldPartsOf, functionOfColdPart } from "../../model/coldParts.ts";
import { derivedFor } from "../../model/derived.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Step } from "../check.ts";
import { functionAt, reservedConstants, throughVeneer } from "./veneer.ts";

/** Maximum size in bytes of a function, and of its cold part. The longest functions of a kernel have about 60 KiB. */
const MAX_BYTES = 1 << 16;

/** How a register got the value that it has before an instruction. */
export type Definition =
  | { readonly kind: "instruction"; readonly index: number }
  /** The value of the register when the function was called. */
  | { readonly kind: "entry" }
  /** The value comes from code without known predecessors. */
  | { readonly kind: "unknown" };

/** The instructions of a function, and the possible predecessors of each. */
export class FunctionGraph {
  readonly kernel: Kernel;
  readonly symbol: KSymbol;
  readonly effects: readonly Effect[];
  /** Whether the function has indirect jumps, such as those of switch tables, so that some predecessors are not known. */
  readonly hasTables: boolean;
  private readonly byAddress: ReadonlyMap<bigint, number>;
  private readonly before: readonly (readonly number[])[];
  private readonly clobbered: ReadonlySet<string>;

  /**
   * @param fixups addresses at which the function continues after faults of its instructions; undefined if not known
   */
  constructor(kernel: Kernel, symbol: KSymbol, given: readonly Effect[], fixups: readonly bigint[] | undefined) {
    this.kernel = kernel;
    this.symbol = symbol;
    this.byAddress = new Map(given.map(({ address }, index) => [address, index]));
    const effects = given.map((effect, index) =>
      isStuffing(given, index, this.byAddress) ? asJump(effect, kernel.arch.sp) : effect,
    );
    this.effects = effects;
    this.hasTables = effects.some(({ flow, target }) => flow === "jump" && target === undefined);
    const before = predecessors(effects, this.byAddress);
    // Code that no path reaches is dead only if all jumps are known: also those through tables and those after faults.
    const roots = this.hasTables || !fixups ? undefined : fixups.flatMap((to) => this.byAddress.get(to) ?? []);
    this.before = roots ? withoutDead(before, [0, ...roots]) : before;
    this.clobbered = new Set(kernel.arch.registers.filter((name) => !this.isKept(name)));
  }

  /** Returns the index of the instruction at an address; undefined if none begins there. */
  at(address: bigint): number | undefined {
    return this.byAddress.get(address);
  }

  /** Returns the index of the call that returns to an address; undefined if none does. */
  callBefore(returnAddress: bigint): number | undefined {
    const index = this.effects.findIndex(({ address, length }) => address + BigInt(length) === returnAddress);
    return this.effects[index]?.flow === "call" ? index : undefined;
  }

  /** Returns whether a call preserves a register. */
  private isKept(name: string): boolean {
    const { calleeSaved, sp, framePointer, reserved = [] } = this.kernel.arch;
    return name === sp || name === framePointer || calleeSaved.includes(name) || reserved.includes(name);
  }

  /** Returns whether an instruction changes a register. */
  writes(index: number, register: string): boolean {
    const effect = this.effects[index];
    return (
      effect !== undefined && (effect.writes.has(register) || (effect.flow === "call" && this.clobbered.has(register)))
    );
  }

  /** Returns the indices of the instructions that may run just before an instruction. */
  predecessorsOf(index: number): readonly number[] {
    return this.before[index] ?? [];
  }

  /** Returns all definitions that the value of a register before an instruction may come from. */
  definitions(register: string, index: number): Definition[] {
    const found = new Map<string, Definition>();
    const seen = new Set<number>();
    const work = [index];
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      if (at === 0) found.set("entry", { kind: "entry" });
      const before = this.before[at] ?? [];
      if (before.length === 0 && at !== 0) found.set("unknown", { kind: "unknown" });
      for (const one of before) {
        if (this.writes(one, register)) found.set(`${one}`, { kind: "instruction", index: one });
        else if (!seen.has(one)) {
          seen.add(one);
          work.push(one);
        }
      }
    }
    return [...found.values()];
  }

  /**
   * Returns whether a path leads from one instruction to another. @param isBarrier whether no path may pass an
   * instruction; it is not called for `from`
   */
  leads(from: number, to: number, isBarrier: (index: number) => boolean): boolean {
    const seen = new Set<number>([to]);
    const work = [to];
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      for (const before of this.predecessorsOf(at)) {
        if (before === from) return true;
        if (seen.has(before) || isBarrier(before)) continue;
        seen.add(before);
        work.push(before);
      }
    }
    return false;
  }

  /**
   * Returns whether a register has the same value before instruction `from` and before instruction `to`, on every path
   * from the last execution of `from`.
   */
  isUnchanged(register: string, from: number, to: number): boolean {
    if (from === to) return true;
    const seen = new Set<number>([from]);
    const work = [to];
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      for (const one of this.before[at] ?? []) {
        if (one === from) {
          if (this.writes(from, register)) return false;
          continue;
        }
        if (seen.has(one)) continue;
        if (this.writes(one, register)) return false;
        seen.add(one);
        work.push(one);
      }
    }
    return true;
  }
}

/**
 * Returns whether a call goes to the instruction after the traps that follow it. Such a call only fills the processor's
 * buffer of return addresses (arch/x86/include/asm/nospec-branch.h, __FILL_RETURN_BUFFER).
 */
function isStuffing(effects: readonly Effect[], index: number, byAddress: ReadonlyMap<bigint, number>): boolean {
  const { flow, target } = effects[index]!;
  const to = flow === "call" && target !== undefined ? byAddress.get(target) : undefined;
  return to !== undefined && to > index + 1 && effects.slice(index + 1, to).every((one) => one.flow === "trap");
}

const asJump = (effect: Effect, sp: string): Effect => ({
  ...effect,
  flow: "jump",
  writes: new Map([[sp, undefined]]),
});

function predecessors(effects: readonly Effect[], byAddress: ReadonlyMap<bigint, number>): number[][] {
  const before = effects.map((): number[] => []);
  const targets = new Set(effects.map(({ target }) => target));
  let isPadding = false;
  for (const [index, effect] of effects.entries()) {
    const { address, length, flow, target } = effect;
    // Execution does not continue after a jump or a return. Padding that follows has no successor.
    const isEnd = flow === "jump" || flow === "return";
    isPadding = (isPadding && doesNothing(effect) && !targets.has(address)) || isEnd;
    if (!isPadding) {
      const next = byAddress.get(address + BigInt(length));
      if (next !== undefined) before[next]?.push(index);
    }
    const to = flow === "jump" || flow === "branch" ? byAddress.get(target ?? -1n) : undefined;
    if (to !== undefined) before[to]?.push(index);
  }
  return before;
}

/** Removes the predecessors that cannot be reached from a root. */
function withoutDead(before: readonly (readonly number[])[], roots: readonly number[]): number[][] {
  const after = before.map((): number[] => []);
  for (const [index, all] of before.entries()) for (const one of all) after[one]?.push(index);
  const isLive = new Set(roots);
  const work = [...roots];
  for (let at = work.pop(); at !== undefined; at = work.pop())
    for (const next of after[at] ?? [])
      if (!isLive.has(next)) {
        isLive.add(next);
        work.push(next);
      }
  return before.map((all) => all.filter((one) => isLive.has(one)));
}

const doesNothing = ({ flow, writes, access }: Effect): boolean =>
  flow === "trap" || (flow === "next" && writes.size === 0 && access === undefined);

const graphs = derivedFor("function graphs", (): { graph: FunctionGraph | undefined } => ({ graph: undefined }));

/**
 * Returns the graph of the function that contains an address.
 * @throws Fault if there is no function, if its code cannot be read or is too long, or if no decoder exists
 */
export function* functionGraph(kernel: Kernel, address: bigint): Generator<Step, FunctionGraph, void> {
  const symbol = kernel.symbols.at(address);
  if (!symbol) throw Fault.at("unknown", address, "no function is known there");
  const kept = graphs(kernel, symbol.address);
  if (kept.graph) return kept.graph;
  if (!kernel.code.isText(address)) throw Fault.at("unknown", address, "no code is there");
  const decode = yield* effectDecoder(kernel.arch);
  const parts = partsOf(kernel, symbol);
  const large = parts.find(({ size }) => size > MAX_BYTES);
  if (large)
    throw Fault.at(
      "unknown",
      large.address,
      `the function has ${large.size} bytes, more than the limit of ${MAX_BYTES}`,
    );
  const decoded = parts.flatMap(({ address: start, size }) => decode(kernel.memory.read(start, size), start));
  const constants = reservedConstants(kernel, decoded);
  const own = new Set<bigint | undefined>(decoded.map((effect) => effect.address));
  const effects = decoded.map((effect) => {
    if (effect.flow !== "call" && effect.flow !== "jump") return effect;
    // Code of the function that jumps further is not a veneer.
    const target = own.has(effect.target) ? effect.target : throughVeneer(kernel, decode, effect.target, constants);
    return { ...effect, target: functionAt(kernel, target) };
  });
  const fixups = attempt(() => parts.flatMap((part) => fixupsOf(kernel, part)));
  kept.graph = new FunctionGraph(kernel, symbol, effects, fixups instanceof Fault ? undefined : fixups);
  return kept.graph;
}

/** Returns a function and its cold parts, entry first: `f`, `f.cold`. */
function partsOf(kernel: Kernel, symbol: KSymbol): KSymbol[] {
  const whole = functionOfColdPart(kernel, symbol) ?? symbol;
  return [whole, ...coldPartsOf(kernel, whole)];
}
