/** Reconstructs the condition that led to an instruction. */
import type { Comparison, Relation, Value } from "../../arch/effect.ts";
import { valueExpression } from "./expression.ts";
import { type Site, valueAt } from "./site.ts";

/** The comparison that decided that an instruction was reached. */
export interface Condition {
  /** For example "acct->balance < amount". Values without a known name are given by register. */
  readonly expression: string;
  /** For example "5 < 10"; undefined if a value is not known. */
  readonly values: string | undefined;
  /** Address of the branch. */
  readonly address: bigint;
  /** Address of the comparison. */
  readonly comparison: bigint;
}

/** Maximum number of instructions from the comparison to its branch, and from the branch to the site. */
const MAX_STEPS = 12;

const OPPOSITE: Readonly<Record<Relation, Relation>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};
const MIRRORED: Readonly<Record<Relation, Relation>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/**
 * Returns the condition of the last branch that led to a site; undefined if the site can be reached in several ways.
 */
export function conditionOf(site: Site): Condition | undefined {
  const { graph } = site;
  let at = site.index;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const [before, ...more] = graph.predecessorsOf(at);
    if (before === undefined || more.length > 0) return undefined;
    const effect = graph.effects[before];
    if (effect?.flow === "branch") {
      if (effect.relation === undefined) return undefined;
      const isTaken = effect.target === graph.effects[at]?.address;
      // Some branches of arm64 compare a register themselves.
      const found = effect.compares ? { comparison: effect.compares, index: before } : comparedBefore(site, before);
      const relation = isTaken ? effect.relation : OPPOSITE[effect.relation];
      return found && worded(site, found.comparison, found.index, relation, effect.address);
    }
    at = before;
  }
  return undefined;
}

/** Returns the comparison that set the flags of a branch. */
function comparedBefore({ graph }: Site, branch: number): { comparison: Comparison; index: number } | undefined {
  let at = branch;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const [before, ...more] = graph.predecessorsOf(at);
    if (before === undefined || more.length > 0) return undefined;
    const effect = graph.effects[before];
    if (effect?.compares) return { comparison: effect.compares, index: before };
    if (!effect || effect.setsFlags === true || effect.flow !== "next") return undefined;
    at = before;
  }
  return undefined;
}

function worded(
  site: Site,
  { left, right, by }: Comparison,
  index: number,
  relation: Relation,
  address: bigint,
): Condition | undefined {
  const comparison = site.graph.effects[index]?.address ?? address;
  const isSame = left.kind === "register" && right.kind === "register" && left.name === right.name;
  if (by === "conjunction") {
    const text = isSame ? nameOf(site, left, index) : `(${nameOf(site, left, index)} & ${nameOf(site, right, index)})`;
    const [a, b] = [valueAt(site, left, index), valueAt(site, right, index)];
    const isKnown = a !== undefined && b !== undefined && holds(relation, a & b, 0n, bitsOf(left));
    const values = isKnown ? `${signedText(a & b, left)} ${relation} 0` : undefined;
    return { expression: `${text} ${relation} 0`, values, address, comparison };
  }
  const [a, b] = [valueAt(site, left, index), valueAt(site, right, index)];
  // Name the greater one of two variables first, because limits are written that way.
  const isTurned = right.kind !== "constant" && (relation === "<" || relation === "<=");
  const [first, second, sign] = isTurned ? [right, left, MIRRORED[relation]] : [left, right, relation];
  const [x, y] = isTurned ? [b, a] : [a, b];
  // The values are read from the dump. If they do not fulfil the condition, they have changed since.
  const isKnown = x !== undefined && y !== undefined && holds(sign, x, y, bitsOf(first));
  return {
    expression: `${nameOf(site, first, index)} ${sign} ${nameOf(site, second, index)}`,
    values: isKnown ? `${signedText(x, first)} ${sign} ${signedText(y, second)}` : undefined,
    address,
    comparison,
  };
}

/** Returns whether a relation holds for two values, as signed or as unsigned numbers of a width in bits. */
function holds(relation: Relation, x: bigint, y: bigint, bits: number): boolean {
  const isMet = RELATIONS[relation];
  return (
    isMet(BigInt.asIntN(bits, x), BigInt.asIntN(bits, y)) || isMet(BigInt.asUintN(bits, x), BigInt.asUintN(bits, y))
  );
}

const RELATIONS: Readonly<Record<Relation, (x: bigint, y: bigint) => boolean>> = {
  "==": (x, y) => x === y,
  "!=": (x, y) => x !== y,
  "<": (x, y) => x < y,
  "<=": (x, y) => x <= y,
  ">": (x, y) => x > y,
  ">=": (x, y) => x >= y,
};

/** Returns the width of a value in bits. */
const bitsOf = (value: Value): number =>
  value.kind === "register" ? value.bits : value.kind === "load" ? value.size * 8 : 64;

function nameOf(site: Site, value: Value, index: number): string {
  if (value.kind === "constant") return signedText(value.value, value);
  const named = valueExpression(site, value, index)?.text;
  if (named !== undefined) return named;
  if (value.kind === "register") return value.name;
  return value.kind === "load" && value.place.base !== undefined
    ? `[${value.place.base}+${value.place.displacement}]`
    : "?";
}

/** Prints small numbers in decimal and others in hexadecimal. */
function signedText(value: bigint, of: Value): string {
  const number = BigInt.asIntN(bitsOf(of), value);
  return number > -(1n << 31n) && number < 1n << 32n
    ? number.toString()
    : `0x${BigInt.asUintN(64, value).toString(16)}`;
}
