/** Reconstructs the condition that led to an instruction. */
import type { Comparison, Effect, Relation, Value } from "../../arch/effect.ts";
import { hex0x } from "../../base/hex.ts";
import { bare, sizeOf } from "../../debuginfo/ctype.ts";
import { passedExpression } from "./callerExpression.ts";
import { valueExpression } from "./expression.ts";
import { type Site, valueAt } from "./site.ts";
import { callerName } from "./words.ts";

/** The comparison that decided that an instruction was reached. */
export interface Condition {
  /** For example "acct->balance < amount". Values without a known name are given by register. */
  readonly expression: string;
  /** For example "5 < 10"; undefined if a value is not known. */
  readonly values: string | undefined;
  /** The compared values, if both are known and fulfil the relation. */
  readonly compared: { readonly left: bigint; readonly relation: Relation; readonly right: bigint } | undefined;
  /** Whether both values are known and do not fulfil the relation. */
  readonly isRefuted: boolean;
  /** Whether the condition tells something: its values are known, or all of them have names of the source. */
  readonly isKnown: boolean;
  /** Values that have the caller's names: "rsi, which check passed". */
  readonly passed: readonly string[];
  /** Address of the branch. */
  readonly address: bigint;
  /** Address of the comparison. */
  readonly comparison: bigint;
}

/** Maximum number of instructions from the comparison to its branch. */
const MAX_STEPS = 12;

/** Maximum number of instructions from the branch, or from the start of the function, to the site. */
const MAX_STRAIGHT = 64;

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

/** The result of `conditionOf` if a function reaches the site whenever it is called. */
export const UNCONDITIONAL = "unconditional";

/**
 * Returns the condition of the last branch that led to a site, or of the trap at the site; undefined if a branch is not
 * decoded, or the site can be reached in several ways and the values do not show which one it was.
 */
export function conditionOf(site: Site): Condition | typeof UNCONDITIONAL | undefined {
  const { graph } = site;
  const own = graph.effects[site.index];
  // Some machines trap by an instruction that compares.
  if (own?.flow === "next" && own.relation && own.compares)
    return namedCondition(site, own.compares, site.index, decisionOf(own, own.relation, own.isSigned));
  let at = site.index;
  for (let steps = 0; steps < MAX_STRAIGHT; steps++) {
    const [before, ...more] = graph.predecessorsOf(at);
    if (before === undefined && at === 0) return UNCONDITIONAL;
    if (before === undefined) return undefined;
    if (more.length > 0) return onlyMet([before, ...more].map((one) => branchCondition(site, one, at)));
    if (graph.effects[before]?.flow === "branch") return branchCondition(site, before, at);
    at = before;
  }
  return undefined;
}

/** Returns the condition under which a branch leads to an instruction; undefined if it is not a decoded branch. */
function branchCondition(site: Site, branch: number, to: number): Condition | undefined {
  const { graph } = site;
  const effect = graph.effects[branch];
  if (effect?.flow !== "branch" || effect.relation === undefined) return undefined;
  const isTaken = effect.target === graph.effects[to]?.address;
  // Some branches of arm64 compare a register themselves.
  const found = effect.compares ? { comparison: effect.compares, index: branch } : comparedBefore(site, branch);
  const relation = isTaken ? effect.relation : OPPOSITE[effect.relation];
  if (!found) return undefined;
  const isSigned = effect.isSigned ?? graph.effects[found.index]?.isSigned;
  return namedCondition(site, found.comparison, found.index, decisionOf(effect, relation, isSigned));
}

/**
 * Returns the one of several conditions that the values fulfil, for a check of several parts: `a > b || !c`. Undefined
 * unless the values show that all others were not met.
 */
function onlyMet(conditions: readonly (Condition | undefined)[]): Condition | undefined {
  const met = conditions.filter((one) => one?.compared !== undefined);
  return met.length === 1 && conditions.every((one) => one === met[0] || one?.isRefuted === true) ? met[0] : undefined;
}

/**
 * Returns the comparison that set the flags of a branch; undefined if there is none, or several paths lead from it to
 * the branch.
 */
function comparedBefore({ graph }: Site, branch: number): { comparison: Comparison; index: number } | undefined {
  let at = branch;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const [before, ...more] = graph.predecessorsOf(at);
    if (before === undefined || more.length > 0) return undefined;
    const effect = graph.effects[before];
    if (!effect || effect.flow !== "next") return undefined;
    if (effect.flags === undefined || effect.flags === graph.effects[branch]?.flags) {
      if (effect.compares && !effect.relation) return { comparison: effect.compares, index: before };
      if (effect.setsFlags === true) return undefined;
    }
    at = before;
  }
  return undefined;
}

/** What a branch, or an instruction that traps, decides by a comparison. */
interface Decision {
  /** The relation that holds if the site is reached. */
  readonly relation: Relation;
  /** Whether it is a relation of signed numbers; undefined if the code does not show that. */
  readonly isSigned: boolean | undefined;
  /** Address of the instruction. */
  readonly address: bigint;
}

const decisionOf = ({ address }: Effect, relation: Relation, isSigned: boolean | undefined): Decision => ({
  relation,
  isSigned,
  address,
});

/** Names the compared values. @param index of the comparison */
function namedCondition(
  site: Site,
  { left, right, by }: Comparison,
  index: number,
  { relation, isSigned, address }: Decision,
): Condition {
  const format = { bits: Math.min(bitsOf(left), bitsOf(right)), isSigned };
  const comparison = site.graph.effects[index]?.address ?? address;
  const isSame = left.kind === "register" && right.kind === "register" && left.name === right.name;
  const names = new Names(site, index, format);
  if (by === "conjunction") {
    const text = isSame ? names.of(left) : `(${names.of(left)} & ${names.of(right)})`;
    const [a, b] = [valueAt(site, left, index), valueAt(site, right, index)];
    const isKnown = a !== undefined && b !== undefined && holds(relation, a & b, 0n, format);
    return {
      expression: `${text} ${relation} 0`,
      values: isKnown ? `${numberText(a & b, format)} ${relation} 0` : undefined,
      compared: isKnown ? { left: a & b, relation, right: 0n } : undefined,
      isRefuted: a !== undefined && b !== undefined && isNever(relation, a & b, 0n, format),
      isKnown: isKnown || names.areAllNamed,
      passed: names.passed,
      address,
      comparison,
    };
  }
  const [a, b] = [valueAt(site, left, index), valueAt(site, right, index)];
  // Name the greater one of two variables first, because limits are written that way.
  const isTurned = right.kind !== "constant" && (relation === "<" || relation === "<=");
  const [first, second, sign] = isTurned ? [right, left, MIRRORED[relation]] : [left, right, relation];
  const [x, y] = isTurned ? [b, a] : [a, b];
  // The values are read from the dump. If they do not fulfil the condition, they have changed since.
  const isKnown = x !== undefined && y !== undefined && holds(sign, x, y, format);
  return {
    expression: `${names.of(first)} ${sign} ${names.of(second)}`,
    values: isKnown ? `${numberText(x, format)} ${sign} ${numberText(y, format)}` : undefined,
    compared: isKnown ? { left: x, relation: sign, right: y } : undefined,
    isRefuted: x !== undefined && y !== undefined && isNever(sign, x, y, format),
    isKnown: isKnown || names.areAllNamed,
    passed: names.passed,
    address,
    comparison,
  };
}

/** How the numbers of a comparison are read. */
interface NumberFormat {
  /** Width in bits. */
  readonly bits: number;
  /** Undefined if the code does not show it; then the numbers are read as signed. */
  readonly isSigned: boolean | undefined;
}

const numberOf = (value: bigint, { bits, isSigned = true }: NumberFormat): bigint =>
  isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);

/** Returns whether a relation holds for two values. */
const holds = (relation: Relation, x: bigint, y: bigint, format: NumberFormat): boolean =>
  RELATIONS[relation](numberOf(x, format), numberOf(y, format));

/** Returns whether a relation does not hold for two values, neither of signed nor of unsigned numbers if that is not known. */
const isNever = (relation: Relation, x: bigint, y: bigint, { bits, isSigned }: NumberFormat): boolean =>
  (isSigned === undefined ? [true, false] : [isSigned]).every((one) => !holds(relation, x, y, { bits, isSigned: one }));

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

/** Names the values of an instruction, and notes which of them have the caller's names. */
class Names {
  readonly passed: string[] = [];
  /** Whether all values so far have a name of the source or are constants. */
  areAllNamed = true;
  private readonly site: Site;
  private readonly index: number;
  private readonly format: NumberFormat;

  constructor(site: Site, index: number, format: NumberFormat) {
    this.site = site;
    this.index = index;
    this.format = format;
  }

  of(value: Value): string {
    const { site, index } = this;
    if (value.kind === "constant") return numberText(value.value, this.format);
    const named = valueExpression(site, value, index)?.text;
    if (named !== undefined) return named;
    const passed = value.kind === "register" ? this.ofCaller(value.name, value.bits) : undefined;
    if (passed !== undefined) return passed;
    this.areAllNamed = false;
    if (value.kind === "register") return value.name;
    return value.kind === "load" && value.place.base !== undefined
      ? `[${value.place.base}+${value.place.displacement}]`
      : "?";
  }

  private ofCaller(register: string, bits: number): string | undefined {
    const passed = passedExpression(this.site, register, this.index, bits);
    if (!passed || sizeOf(bare(passed.type)) * 8 > bits) return undefined;
    this.passed.push(`${register}, which ${callerName(this.site) ?? "the caller"} passed`);
    return passed.text;
  }
}

/**
 * Names a value before an instruction by the function's or the caller's source, otherwise by its register.
 * @returns also the values that have the caller's names
 */
export function nameOf(
  site: Site,
  value: Value,
  index: number,
): { readonly text: string; readonly passed: readonly string[] } {
  const names = new Names(site, index, { bits: bitsOf(value), isSigned: undefined });
  const text = names.of(value);
  return { text, passed: names.passed };
}

/** Prints small numbers in decimal and others in hexadecimal. */
function numberText(value: bigint, format: NumberFormat): string {
  const number = numberOf(value, format);
  return number > -(1n << 31n) && number < 1n << 32n ? number.toString() : hex0x(BigInt.asUintN(64, value));
}
