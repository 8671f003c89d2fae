/** Converts objects of the dump to JSON. */
import { attempt, Fault } from "../../base/fault.ts";
import { bare, type CType, type StructType } from "../../debuginfo/ctype.ts";
import { enumText } from "../../model/numberText.ts";
import type { Obj } from "../../model/object.ts";
import { addressJson, faultJson, type Json } from "../../say/piece.ts";

/** Maximum depth of nested values. */
const MAX_DEPTH = 64;
/** Maximum number of values in one document, because a corrupt array length must not exhaust memory. */
const MAX_VALUES = 1_000_000;

/**
 * Converts an object to JSON: structs by member name (members of anonymous members are on the same level as the
 * others), arrays, `char[]` as text, pointers as `0x` and 16 digits, integers of up to 32 bits as numbers and larger
 * types as decimal strings, enumerators by name; `{"fault": ...}` for what cannot be read.
 */
export function valueJson(object: Obj): Json {
  let left = MAX_VALUES;
  const convert = (at: Obj, depth: number): Json => {
    if (--left < 0 || depth > MAX_DEPTH) return null;
    const type = bare(at.type);
    switch (type.kind) {
      case "struct":
      case "union":
        return Object.fromEntries(members(at, type, depth));
      case "array":
        if (type.count === undefined) return [];
        if (isText(type)) return orFault(() => at.text());
        return Array.from({ length: Math.min(type.count, Math.max(0, left)) }, (_, i) =>
          convert(at.index(i), depth + 1),
        );
      case "enum":
        return orFault(() => enumText(type, at.value()));
      case "pointer":
        return orFault(() => addressJson(at.value()));
      case "int":
        return orFault(() => number(at.value(), type.size));
      case "function":
        return addressJson(at.address);
      default:
        return null;
    }
  };
  function* members(at: Obj, type: StructType, depth: number): Generator<[string, Json]> {
    for (const member of type.members) {
      const part = at.part(member);
      const inner = bare(member.type);
      if (member.name !== undefined) yield [member.name, convert(part, depth + 1)];
      else if ((inner.kind === "struct" || inner.kind === "union") && depth < MAX_DEPTH)
        yield* members(part, inner, depth + 1);
    }
  }
  return convert(object, 0);
}

/** Whether a type is an array of `char`, which is given as text. */
export function isText(type: CType): boolean {
  const array = bare(type);
  const element = array.kind === "array" ? bare(array.element) : undefined;
  return element?.kind === "int" && element.encoding === "char";
}

/**
 * Converts an integer. @param bytes size of the C type. It alone selects the form, so that programs need not look at
 * the value.
 */
const number = (value: bigint, bytes: number): Json => (bytes > 4 ? value.toString() : Number(value));

function orFault(read: () => Json): Json {
  const value = attempt(read);
  return value instanceof Fault ? faultJson(value) : value;
}
