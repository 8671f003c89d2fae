/** Reads C types from DIEs. */
import { once } from "../../base/once.ts";
import { lazyArray, lazyQualified, type CType, type Member, type StructType, VOID } from "../ctype.ts";
import {
  DW_AT_bit_offset,
  DW_AT_bit_size,
  DW_AT_byte_size,
  DW_AT_count,
  DW_AT_data_bit_offset,
  DW_AT_data_member_location,
  DW_AT_declaration,
  DW_AT_encoding,
  DW_AT_name,
  DW_AT_signature,
  DW_AT_type,
  DW_AT_upper_bound,
  DW_TAG_array_type,
  DW_TAG_atomic_type,
  DW_TAG_base_type,
  DW_TAG_class_type,
  DW_TAG_const_type,
  DW_TAG_enumeration_type,
  DW_TAG_member,
  DW_TAG_pointer_type,
  DW_TAG_reference_type,
  DW_TAG_restrict_type,
  DW_TAG_rvalue_reference_type,
  DW_TAG_structure_type,
  DW_TAG_subprogram,
  DW_TAG_subrange_type,
  DW_TAG_subroutine_type,
  DW_TAG_typedef,
  DW_TAG_union_type,
  DW_TAG_volatile_type,
} from "./constants.ts";
import type { Die } from "./die.ts";
import { DW_ATE_signed, DW_ATE_signed_char, enumType } from "./enumType.ts";
import { functionType } from "./functionType.ts";
import type { Unit } from "./unit.ts";

// Base type encodings of DWARF 5, section 7.8.
const DW_ATE_boolean = 0x02;
const DW_ATE_complex_float = 0x03;
const DW_ATE_float = 0x04;
const DW_ATE_unsigned_char = 0x08;
const DW_ATE_UTF = 0x10;

const DW_OP_plus_uconst = 0x23;

/** Maximum number of dimensions of an array that are read. */
const MAX_DIMENSIONS = 32;

const known = new WeakMap<Unit, Map<number, CType>>();

/** Returns the type of a DIE's DW_AT_type; void if it has none. @throws Fault */
export function typeOfDie(die: Die): CType {
  const type = die.holder(DW_AT_type)?.die(DW_AT_type);
  return type ? readType(type) : VOID;
}

/** Returns the type that a DIE declares; the same object at each call. @throws Fault, as do the type's getters */
export function readType(die: Die): CType {
  let types = known.get(die.unit);
  if (!types) known.set(die.unit, (types = new Map<number, CType>()));
  let type = types.get(die.offset);
  if (!type) types.set(die.offset, (type = decode(die)));
  return type;
}

function decode(die: Die): CType {
  const target = once(() => typeOfDie(die));
  switch (die.tag) {
    case DW_TAG_base_type:
      return baseType(die);
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
      return { kind: "pointer", size: die.number(DW_AT_byte_size) ?? die.unit.addressSize, get target() { return target(); } }; // prettier-ignore
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
      return structType(die);
    case DW_TAG_enumeration_type:
      return enumType(die);
    case DW_TAG_array_type:
      return arrayType(die);
    case DW_TAG_typedef:
      return { kind: "typedef", name: die.text(DW_AT_name) ?? "", get target() { return target(); } }; // prettier-ignore
    case DW_TAG_const_type:
      return lazyQualified("const", target);
    case DW_TAG_volatile_type:
      return lazyQualified("volatile", target);
    case DW_TAG_restrict_type:
      return lazyQualified("restrict", target);
    case DW_TAG_atomic_type:
      return lazyQualified("atomic", target);
    case DW_TAG_subroutine_type:
    case DW_TAG_subprogram:
      return functionType(die, typeOfDie);
    default:
      // DW_TAG_unspecified_type, and tags that no C compiler writes.
      return VOID;
  }
}

function baseType(stub: Die): CType {
  // As for a struct, the definition can be in a type unit.
  const die = stub.die(DW_AT_signature) ?? stub;
  const name = die.text(DW_AT_name) ?? "";
  const size = die.number(DW_AT_byte_size) ?? 0;
  const encoding = die.number(DW_AT_encoding);
  if (encoding === DW_ATE_float || encoding === DW_ATE_complex_float) return { kind: "float", name, size };
  const isChar = encoding === DW_ATE_signed_char || encoding === DW_ATE_unsigned_char || encoding === DW_ATE_UTF;
  return {
    kind: "int",
    name,
    size,
    signed: encoding === DW_ATE_signed || encoding === DW_ATE_signed_char,
    encoding: encoding === DW_ATE_boolean ? "bool" : isChar ? "char" : "int",
  };
}

function structType(die: Die): StructType {
  // A declaration with a signature refers to the type in a type unit.
  const whole = die.die(DW_AT_signature) ?? die;
  const kind = die.tag === DW_TAG_union_type ? "union" : "struct";
  const name = whole.text(DW_AT_name);
  if (name !== undefined && whole.flag(DW_AT_declaration)) return declaredStruct(die, kind, name);
  const members = once(() => readMembers(whole));
  return {
    kind,
    name,
    size: whole.number(DW_AT_byte_size) ?? 0,
    incomplete: whole.flag(DW_AT_declaration),
    get members() {
      return members();
    },
  };
}

/** Returns a struct that its unit only declares. The definition is looked up by name. */
function declaredStruct({ unit }: Die, kind: "struct" | "union", name: string): StructType {
  let found: StructType | undefined;
  let isLookedUp = false;
  const definition = (): StructType | undefined => {
    if (isLookedUp) return found;
    // Set first, because the lookup can reach this declaration again.
    isLookedUp = true;
    const type = unit.image.definition(kind, name);
    if (type?.kind === kind && !type.incomplete) found = type;
    return found;
  };
  return {
    kind,
    name,
    get size() {
      return definition()?.size ?? 0;
    },
    get incomplete() {
      return definition() === undefined;
    },
    get members() {
      return definition()?.members ?? [];
    },
  };
}

function readMembers(struct: Die): Member[] {
  const members: Member[] = [];
  for (const walk = struct.children(); walk.next();) {
    // A static member of C++ is a declaration and takes no space.
    if (walk.abbrev.tag === DW_TAG_member && !walk.abbrev.names.includes(DW_AT_declaration))
      members.push(member(walk.die()));
  }
  return members;
}

function member(die: Die): Member {
  const type = once(() => typeOfDie(die));
  const bitSize = die.number(DW_AT_bit_size);
  return {
    name: die.text(DW_AT_name),
    get type() {
      return type();
    },
    bitOffset: bitSize === undefined ? 8 * memberOffset(die) : bitFieldOffset(die, bitSize),
    bitSize,
  };
}

/**
 * Returns the offset from the start of the struct in bytes. Before DWARF 3 it is an expression: DW_OP_plus_uconst; 0
 * for another one.
 */
function memberOffset(die: Die): number {
  const location = die.attribute(DW_AT_data_member_location);
  if (location?.kind === "constant") return Number(location.value);
  if (location?.kind !== "block" || location.bytes[0] !== DW_OP_plus_uconst) return 0;
  return location.bytes.subarray(1).reduceRight((value, byte) => value * 128 + (byte & 0x7f), 0);
}

/**
 * Returns the bit offset. DW_AT_data_bit_offset counts as `Member` does. Before DWARF 4, DW_AT_bit_offset counts from
 * the most significant bit of a storage unit of DW_AT_byte_size bytes.
 */
function bitFieldOffset(die: Die, bitSize: number): number {
  const direct = die.number(DW_AT_data_bit_offset);
  if (direct !== undefined) return direct;
  const start = 8 * memberOffset(die);
  const fromTop = die.number(DW_AT_bit_offset) ?? 0;
  if (!die.unit.section.encoding.little) return start + fromTop;
  const storage = die.number(DW_AT_byte_size) ?? die.die(DW_AT_type)?.number(DW_AT_byte_size) ?? 0;
  return start + 8 * storage - fromTop - bitSize;
}

/** Makes one array per dimension: `a[2][3]` is two arrays of three. */
function arrayType(die: Die): CType {
  const counts: (number | undefined)[] = [];
  for (const walk = die.children(); walk.next();) {
    if (walk.abbrev.tag === DW_TAG_subrange_type && counts.length < MAX_DIMENSIONS)
      counts.push(elementCount(walk.die()));
  }
  if (counts.length === 0) counts.push(undefined);
  // From the innermost dimension, which is the last.
  return (
    counts.reduceRight<CType | undefined>(
      (inner, count) => lazyArray(inner ? () => inner : once(() => typeOfDie(die)), count),
      undefined,
    ) ?? VOID
  );
}

function elementCount(subrange: Die): number | undefined {
  const count = subrange.attribute(DW_AT_count);
  if (count?.kind === "constant") return Number(count.value);
  const bound = subrange.attribute(DW_AT_upper_bound);
  if (bound?.kind !== "constant") return undefined;
  // `[0]` has the upper bound -1, as a signed number or as all ones in four or eight bytes.
  const unsigned = BigInt.asUintN(64, bound.value);
  return unsigned === 0xffffffffn || unsigned === 0xffffffffffffffffn ? 0 : Number(bound.value) + 1;
}
