/** Follows a value backwards to where it came from. */
import { type Effect, type MemoryOperand, type Value, wrap64 } from "../../arch/effect.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Step } from "../check.ts";
import { type Expression, loadExpression, originExpression } from "./expression.ts";
import { callerOf, withEntry } from "./calls.ts";
import { argumentOf } from "./passed.ts";
import { addressAt, readWord, registerAt, type Site, sumOf, valueAt } from "./site.ts";

/** Where a value came from, as far as it can be followed. */
export type Origin =
  /** Loaded from memory that still contains the value. */
  | {
      readonly kind: "load";
      readonly site: Site;
      readonly effect: Effect;
      readonly place: MemoryOperand;
      readonly address: bigint;
      readonly size: number;
      readonly expression: Expression | undefined;
      /** The pointer to the object: that of `expression`, otherwise the value of the operand's base register. */
      readonly object: bigint | undefined;
      /** Value of the operand's base register. */
      readonly base: bigint | undefined;
    }
  | { readonly kind: "constant"; readonly site: Site; readonly effect: Effect; readonly value: bigint }
  | { readonly kind: "call result"; readonly site: Site; readonly effect: Effect; readonly callee: string | undefined }
  /** Computed from other values. */
  | { readonly kind: "computed"; readonly site: Site; readonly effect: Effect }
  /** An argument of the function, whose caller does not show where it came from. `number` counts from 0. */
  | { readonly kind: "argument"; readonly site: Site; readonly number: number }
  | { readonly kind: "unknown"; readonly site: Site; readonly because: string };

/** The value from which another was computed by adding constants, for example `task` of `&task->lock`. */
export interface Root {
  /** The function in which the register held the value. */
  readonly site: Site;
  readonly register: string;
  readonly index: number;
  readonly value: bigint;
  /** Number of bytes that were added to the value since. */
  readonly offset: bigint;
  /** The load of the value, if the instruction at `index` loads it and adds it to a register. */
  readonly load?: LoadValue;
}

type LoadValue = Extract<Value, { kind: "load" }>;

/** Returns the source expression of a root; undefined if it is not known. */
export const rootExpression = ({ site, register, index, load }: Root): Expression | undefined =>
  load ? loadExpression(site, load.place, load.size, index) : originExpression(site, register, index);

export interface Provenance {
  /** Value of the root; `origin` says where it came from. */
  readonly value: bigint;
  readonly root: Root;
  readonly origin: Origin;
  /** Calls that passed the value as an argument, the innermost first. */
  readonly passedBy: readonly Site[];
  /** The last copy that kept only a part of the value; undefined if all copies were whole. */
  readonly cut: Cut | undefined;
}

/** A copy of fewer bits than a register has. */
export interface Cut {
  readonly effect: Effect;
  /** Number of low bits that were copied. */
  readonly bits: number;
  /** Whether the other bits became copies of the sign bit; otherwise they became 0. */
  readonly isSigned: boolean;
  /** The whole value before the copy; undefined if the dump does not have it. */
  readonly before: bigint | undefined;
}

/** Returns whether two values have the same low bits. */
export const sameLowBits = (a: bigint, b: bigint, bits: number): boolean =>
  BigInt.asUintN(bits, a) === BigInt.asUintN(bits, b);

/** Maximum number of callers through which a value is followed. */
const MAX_CALLS = 4;

/** Follows the value of a register before an instruction back to its origin. */
export function* provenanceOf(start: Site, register: string, given: bigint): Generator<Step, Provenance, void> {
  const passedBy: Site[] = [];
  let site = start;
  let root: Root = { site, register, index: start.index, value: given, offset: 0n };
  let at: RegisterUse = { register, index: start.index };
  let cut: Cut | undefined;
  for (;;) {
    const found = originOf(site, at, { root, cut });
    ({ root, cut } = found);
    const { value } = root;
    const { origin } = found;
    if (origin.kind !== "argument" || passedBy.length >= MAX_CALLS) return { value, root, origin, passedBy, cut };
    const name = site.kernel.arch.argumentRegisters?.[origin.number];
    const caller = yield* callerOf(site);
    if (!caller || name === undefined || !agrees(caller, name, value, cut?.bits))
      return { value, root, origin, passedBy, cut };
    passedBy.push(caller);
    site = yield* withEntry(caller);
    at = { register: name, index: site.index };
  }
}

/** A register before an instruction. */
interface RegisterUse {
  readonly register: string;
  readonly index: number;
}

/** Returns false if the caller's code shows that it passed another value. */
function agrees(caller: Site, register: string, value: bigint, bits = 64): boolean {
  const passed = argumentOf(caller, register);
  return passed === undefined || sameLowBits(passed, value, bits);
}

/** Maximum number of copies and additions for one value in one function. */
const MAX_COPIES = 16;

/** What has been found of a value so far. */
interface Traced {
  readonly root: Root;
  readonly cut: Cut | undefined;
}

function originOf(site: Site, start: RegisterUse, begun: Traced): Traced & { readonly origin: Origin } {
  const { graph, kernel } = site;
  let { index: at, register: name } = start;
  let { root, cut } = begun;
  const end = (origin: Origin): Traced & { readonly origin: Origin } => ({ origin, root, cut });
  for (let copies = 0; copies < MAX_COPIES; copies++) {
    const [definition, ...more] = graph.definitions(name, at);
    if (!definition) return end({ kind: "unknown", site, because: "code that leads there is not known" });
    if (more.length > 0)
      return end({ kind: "unknown", site, because: "it can come from several places of the function" });
    if (definition.kind === "unknown")
      return end({ kind: "unknown", site, because: "code that leads there is not known" });
    if (definition.kind === "entry") {
      const number = kernel.arch.argumentRegisters?.indexOf(name) ?? -1;
      return number >= 0
        ? end({ kind: "argument", site, number })
        : end({ kind: "unknown", site, because: `${name} still has the caller's value` });
    }
    const effect = graph.effects[definition.index];
    if (!effect) break;
    if (effect.flow === "call" && name === kernel.arch.resultRegister)
      return end({ kind: "call result", site, effect, callee: calleeOf(kernel, effect) });
    const from = effect.writes.get(name);
    const sum = from && sumOf(kernel, from);
    if (sum) {
      [at, name] = [definition.index, sum.register];
      const value = wrap64(root.value - sum.added);
      root = { site, register: name, index: at, value, offset: root.offset + sum.added };
      continue;
    }
    const added = from && loadedSum(site, from, definition.index);
    if (added) {
      const { load, by } = added;
      const value = wrap64(root.value - by);
      if (by !== 0n) root = { site, register: name, index: definition.index, value, offset: root.offset + by, load };
      return end(loadedFrom(site, effect, definition.index, load, value));
    }
    if (from?.kind === "register") {
      [at, name] = [definition.index, from.name];
      cut ??= cutBy(effect, from, () => registerAt(site, from.name, definition.index));
      continue;
    }
    if (from?.kind === "load") {
      const isCut = cut !== undefined;
      cut ??= cutBy(effect, { bits: from.size * 8, signed: from.signed }, () =>
        wholeWord(site, from.place, definition.index),
      );
      if (isCut && from.size * 8 > (cut?.bits ?? 64)) return end(cutOrigin(site));
    }
    return end(originOfWrite(site, effect, definition.index, from, root.value));
  }
  return end({ kind: "unknown", site, because: `it was copied more than ${MAX_COPIES} times` });
}

/** Numbers below this one are taken for offsets in objects. */
const MAX_OFFSET = 1n << 16n;

/**
 * Returns the load of a pointer to which the same instruction adds the offset in a register, as the kernel does for the
 * data of security modules; undefined for other values, and if either number can be the offset.
 */
function loadedSum(site: Site, from: Value, index: number): { load: LoadValue; by: bigint } | undefined {
  if (from.kind !== "operation" || from.bits !== 64 || from.operator !== "+") return undefined;
  const [load, register] = from.left.kind === "load" ? [from.left, from.right] : [from.right, from.left];
  if (load.kind !== "load" || register.kind !== "register" || load.place.segment !== undefined) return undefined;
  const [pointer, by] = [valueAt(site, load, index), valueAt(site, register, index)];
  if (pointer === undefined || by === undefined || by >= MAX_OFFSET || pointer < MAX_OFFSET) return undefined;
  return { load, by };
}

/** Returns the cut that a copy makes; undefined for a copy of all 64 bits. */
const cutBy = (
  effect: Effect,
  { bits, signed: isSigned }: { readonly bits: number; readonly signed: boolean },
  before: () => bigint | undefined,
): Cut | undefined => (bits < 64 ? { effect, bits, isSigned, before: before() } : undefined);

/**
 * Returns the aligned word of which a load reads the first bytes; undefined if it is not aligned or not known, or the
 * machine is big-endian.
 */
function wholeWord(site: Site, place: MemoryOperand, index: number): bigint | undefined {
  const address = addressAt(site, place, index);
  const isAligned = address !== undefined && address % 8n === 0n && site.kernel.arch.byteOrder === "little";
  return isAligned ? readWord(site.kernel, address, 8) : undefined;
}

/** The origin of a value that was loaded whole and then cut: the memory does not hold the value that was used. */
const cutOrigin = (site: Site): Origin => ({
  kind: "unknown",
  site,
  because: "only a part of what was loaded was copied",
});

/** Returns the origin of a value that an instruction wrote without a copy or an addition. */
function originOfWrite(site: Site, effect: Effect, index: number, from: Value | undefined, value: bigint): Origin {
  switch (from?.kind) {
    case "constant":
      return { kind: "constant", site, effect, value: from.value };
    case "load":
      return loadedFrom(site, effect, index, from, value);
    case "address":
    case "operation":
      return { kind: "computed", site, effect };
    case "register":
    case undefined:
      return { kind: "unknown", site, because: "the instruction that made it is not followed" };
  }
}

/**
 * Returns a load as the origin only if the same load from the dump's memory gives the value.
 * @param index of the instruction that loads, in the function's graph
 */
export function loadedFrom(site: Site, effect: Effect, index: number, from: LoadValue, value: bigint): Origin {
  const { place, size } = from;
  const address = addressAt(site, place, index);
  if (address === undefined)
    return { kind: "unknown", site, because: "the address that it was loaded from is not known" };
  const now = valueAt(site, from, index);
  if (now === undefined)
    return { kind: "unknown", site, because: "the memory that it was loaded from is not in the dump" };
  if (now !== value)
    return {
      kind: "unknown",
      site,
      because:
        "the memory that it seems to have been loaded from holds another value: it changed since, or the value came another way",
    };
  const base =
    place.base === undefined ? undefined : addressAt(site, { ...place, index: undefined, displacement: 0n }, index);
  const expression = loadExpression(site, place, size, index);
  return {
    kind: "load",
    site,
    effect,
    place,
    address,
    size,
    expression,
    object: pointerOf(place, base, expression),
    base,
  };
}

/**
 * Returns the value of the pointer in `pointer->member`. It differs from the base register if the register holds the
 * pointer plus a constant, as that of a list iterator does.
 */
export const pointerOf = (
  { displacement }: MemoryOperand,
  base: bigint | undefined,
  expression: Expression | undefined,
): bigint | undefined =>
  base === undefined || !expression?.member ? base : wrap64(base + displacement - BigInt(expression.member.offset));

/** Returns the function that a direct call calls; undefined for other calls. */
export const calleeOf = (kernel: Kernel, { target }: Effect): string | undefined => {
  const symbol = target === undefined ? undefined : kernel.symbols.at(target);
  return symbol?.address === target ? symbol?.name : undefined;
};
