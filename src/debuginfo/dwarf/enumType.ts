/** Enumerations of DWARF. */
import { once } from "../../base/once.ts";
import type { EnumType } from "../ctype.ts";
import {
  DW_AT_byte_size,
  DW_AT_const_value,
  DW_AT_declaration,
  DW_AT_encoding,
  DW_AT_name,
  DW_AT_signature,
  DW_AT_type,
  DW_TAG_enumerator,
} from "./constants.ts";
import type { Die } from "./die.ts";

// Base type encodings of DWARF 5, section 7.8.
export const DW_ATE_signed = 0x05;
export const DW_ATE_signed_char = 0x06;

/** Reads the type of a DW_TAG_enumeration_type. */
export function enumType(die: Die): EnumType {
  const whole = die.die(DW_AT_signature) ?? die;
  const size = whole.number(DW_AT_byte_size) ?? 0;
  const raw = once(() => readEnumerators(whole));
  const underlying = once(() => whole.number(DW_AT_encoding) ?? whole.die(DW_AT_type)?.number(DW_AT_encoding));
  const signed = once(() => {
    const encoding = underlying();
    return encoding === undefined
      ? raw().some(({ value }) => value < 0n)
      : encoding === DW_ATE_signed || encoding === DW_ATE_signed_char;
  });
  const values = once(() =>
    raw().map(({ name, value }) => ({
      name,
      value: signed() ? BigInt.asIntN(8 * size, value) : BigInt.asUintN(8 * size, value),
    })),
  );
  return {
    kind: "enum",
    name: whole.text(DW_AT_name),
    size,
    get signed() {
      return signed();
    },
    incomplete: whole.flag(DW_AT_declaration),
    get values() {
      return values();
    },
  };
}

function readEnumerators(die: Die): { name: string; value: bigint }[] {
  const values: { name: string; value: bigint }[] = [];
  for (const walk = die.children(); walk.next();) {
    if (walk.abbrev.tag !== DW_TAG_enumerator) continue;
    const enumerator = walk.die();
    const value = enumerator.attribute(DW_AT_const_value);
    values.push({ name: enumerator.text(DW_AT_name) ?? "", value: value?.kind === "constant" ? value.value : 0n });
  }
  return values;
}
