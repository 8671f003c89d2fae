/** Formats integers and enumerators as C writes them. */
import { hex0x } from "../base/hex.ts";
import type { EnumType, IntType } from "../debuginfo/ctype.ts";
import { characterText, isCharacter } from "./characters.ts";

export function integerText(type: IntType, number: bigint, bits: number, radix: 10 | 16): string {
  if (radix === 16) return hex0x(BigInt.asUintN(bits, number));
  if (type.encoding === "bool") return number === 0n ? "false" : number === 1n ? "true" : number.toString();
  if (!isCharacter(type)) return number.toString();
  return `${number} '${characterText(Number(BigInt.asUintN(8, number)), "'")}'`;
}

/**
 * Formats an enum value: the enumerator; for an enum of single bits those that are set, `(A | B | unknown: 0x40)`;
 * otherwise the number.
 */
export function enumText(type: EnumType, number: bigint): string {
  const exact = type.values.find(({ value }) => value === number);
  if (exact) return exact.name;
  if (!type.values.every(({ value }) => value >= 0n && (value & (value - 1n)) === 0n)) return number.toString();
  if (number === 0n) return "0";
  const names: string[] = [];
  let rest = BigInt.asUintN(type.size * 8, number);
  for (const { name, value } of type.values) {
    if ((rest & value) === 0n) continue;
    names.push(name);
    rest &= ~value;
  }
  if (rest !== 0n) names.push(`unknown: ${hex0x(rest)}`);
  return `(${names.join(" | ")})`;
}
