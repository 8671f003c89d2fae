/**
 * Parses numbers as crash does: an address is hexadecimal without 0x; a count or a pid is decimal unless it can only be
 * hexadecimal. Reference: crash's own answers, recorded in the corpus.
 */
import { UsageError } from "../../base/usageError.ts";
import type { Context } from "./command.ts";

const WORD_BITS = 64;

/** Parses a hexadecimal number with or without `0x`; undefined for other text. */
export function hexNumber(text: string): bigint | undefined {
  const digits = /^(?:0[xX])?([0-9a-fA-F]{1,16})$/.exec(text)?.[1];
  return digits === undefined ? undefined : BigInt(`0x${digits}`);
}

/** Parses a number of decimal digits only; undefined for other text. */
export function decimalNumber(text: string): bigint | undefined {
  return /^\d{1,20}$/.test(text) ? BigInt.asUintN(WORD_BITS, BigInt(text)) : undefined;
}

/**
 * Parses decimal digits as decimal, other text as hexadecimal: "1000" is decimal, "0x1000" and "fff" are hexadecimal.
 * Returns undefined if it is not a number.
 */
export function anyNumber(text: string): bigint | undefined {
  return decimalNumber(text) ?? hexNumber(text);
}

/** Parses a count: decimal, or hexadecimal when it cannot be decimal. @throws UsageError */
export function count(text: string): number {
  const negative = text.startsWith("-");
  const value = anyNumber(negative ? text.slice(1) : text);
  if (value === undefined || value > 0xffff_ffffn)
    throw new UsageError(`not a valid decimal or hexadecimal number: ${text}`);
  return negative ? -Number(value) : Number(value);
}

/**
 * Resolves a symbol, symbol+offset or symbol-offset; the offset is read by `anyNumber`. Undefined for an unknown
 * symbol.
 */
export function symbolAddress(context: Context, text: string): bigint | undefined {
  const match = /^([A-Za-z_.$][\w.$]*)(?:([+-])(\w+))?$/.exec(text);
  const symbol = match && context.kernel.symbols.find(match[1] ?? "");
  if (!match || !symbol) return undefined;
  if (match[3] === undefined) return symbol.address;
  const offset = anyNumber(match[3]);
  if (offset === undefined) return undefined;
  return BigInt.asUintN(WORD_BITS, match[2] === "+" ? symbol.address + offset : symbol.address - offset);
}

/** Parses CPU numbers: `0-3,7`, `a` or `all`; all possible CPUs for an empty text. @throws UsageError */
export function parseCpus(text: string, possible: readonly number[]): readonly number[] {
  if (text === "" || text === "a" || text === "all") return possible;
  const chosen = new Set<number>();
  for (const part of text.split(",")) {
    const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (!range) throw new UsageError(`invalid cpu specification: ${text}; give a list such as 1,3,5-7, or "all"`);
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    if (last < first) throw new UsageError(`invalid cpu specification: ${text}; ${part} ends before it begins`);
    for (let cpu = first; cpu <= last; cpu++) chosen.add(cpu);
  }
  for (const cpu of chosen) {
    if (!possible.includes(cpu))
      throw new UsageError(`invalid cpu number ${cpu}: this system has ${possible.join(",")}`);
  }
  return [...chosen].sort((a, b) => a - b);
}
