/** Decodes BTF types. */
import { Fault } from "../../base/fault.ts";
import { once } from "../../base/once.ts";
import { withShape, withShapedMembers } from "../arrayShape.ts";
import * as kinds from "./btfTable.ts";
import { type BtfTable, kindOf, lengthOf, TYPE_BYTES } from "./btfTable.ts";
import {
  lazyQualified,
  type ArrayType,
  type CType,
  type EnumType,
  type FunctionType,
  type IntType,
  type Member,
  type StructType,
  type TypedefType,
  type TypeKind,
} from "../ctype.ts";

/** What `decodeType` needs from the BTF of the type. */
export interface BtfContext {
  readonly table: BtfTable;
  readonly pointerSize: number;
  type(id: number): CType;
  string(offset: number): string;
  /** Returns the type or global of that name from DWARF, if there is DWARF. */
  declared(kind: TypeKind | "variable", name: string): CType | undefined;
  /**
   * Returns the position and size in bits of an INT that fills only part of its bytes, which is the form of bit-fields
   * before kind_flag; undefined for other types.
   */
  partialInt(id: number): { readonly bitOffset: number; readonly bitSize: number } | undefined;
}

/** Encoding bits in the word after a BTF_KIND_INT. */
const BTF_INT_SIGNED = 1;
const BTF_INT_CHAR = 2;
const BTF_INT_BOOL = 4;

/** Returns the type at an offset of the table. Types that it refers to are decoded when used. @throws Fault corrupt */
export function decodeType(context: BtfContext, start: number): CType {
  const { view, little } = context.table;
  const nameOffset = view.getUint32(start, little);
  const info = view.getUint32(start + 4, little);
  const sizeOrId = view.getUint32(start + 8, little);
  const target = (): CType => context.type(sizeOrId);
  const kind = kindOf(info);
  switch (kind) {
    case kinds.BTF_KIND_INT:
      return intType(context.string(nameOffset), sizeOrId, view.getUint32(start + TYPE_BYTES, little));
    case kinds.BTF_KIND_FLOAT:
      return { kind: "float", name: context.string(nameOffset), size: sizeOrId };
    case kinds.BTF_KIND_PTR:
      return { kind: "pointer", size: context.pointerSize, get target() { return target(); } }; // prettier-ignore
    case kinds.BTF_KIND_ARRAY:
      return arrayType(context, start + TYPE_BYTES);
    case kinds.BTF_KIND_STRUCT:
      return structType(context, "struct", start);
    case kinds.BTF_KIND_UNION:
      return structType(context, "union", start);
    case kinds.BTF_KIND_FWD:
      return {
        kind: info >>> 31 ? "union" : "struct",
        name: context.string(nameOffset),
        size: 0,
        incomplete: true,
        members: [],
      };
    case kinds.BTF_KIND_ENUM:
    case kinds.BTF_KIND_ENUM64:
      return enumType(context, start);
    case kinds.BTF_KIND_TYPEDEF:
      return typedefType(context.string(nameOffset), target, context);
    case kinds.BTF_KIND_CONST:
      return lazyQualified("const", target);
    case kinds.BTF_KIND_VOLATILE:
      return lazyQualified("volatile", target);
    case kinds.BTF_KIND_RESTRICT:
      return lazyQualified("restrict", target);
    case kinds.BTF_KIND_FUNC_PROTO:
      return functionType(context, start);
    default:
      throw Fault.of("corrupt", `BTF refers to kind ${kind} where a type is required; the BTF is damaged`);
  }
}

function intType(name: string, size: number, word: number): IntType {
  const bits = (word >>> 24) & 0xf;
  // pahole never sets BTF_INT_CHAR, so that the name decides.
  const isChar = (bits & BTF_INT_CHAR) !== 0 || (size === 1 && /\bchar$/.test(name));
  const encoding = bits & BTF_INT_BOOL ? "bool" : isChar ? "char" : "int";
  return { kind: "int", name, size, signed: (bits & BTF_INT_SIGNED) !== 0, encoding };
}

function arrayType(context: BtfContext, at: number): ArrayType {
  const { view, little } = context.table;
  const count = view.getUint32(at + 8, little);
  return {
    kind: "array",
    get element() {
      return context.type(view.getUint32(at, little));
    },
    // BTF encodes `[]` and the older `[0]` in the same way: both are flexible arrays.
    count: count === 0 ? undefined : count,
  };
}

function typedefType(name: string, target: () => CType, context: BtfContext): TypedefType {
  const shaped = once(() =>
    withShape(target(), () => {
      const declared = context.declared("typedef", name);
      return declared?.kind === "typedef" ? declared.target : undefined;
    }),
  );
  return {
    kind: "typedef",
    name,
    get target() {
      return shaped();
    },
  };
}

function structType(context: BtfContext, kind: "struct" | "union", start: number): StructType {
  const { view, little } = context.table;
  const name = context.string(view.getUint32(start, little)) || undefined;
  const size = view.getUint32(start + 8, little);
  const members = once(() => decodeMembers(context, start));
  const flat: StructType = {
    kind,
    name,
    size,
    incomplete: false,
    get members() {
      return members();
    },
  };
  // An anonymous type gets its dimensions from the type that contains it.
  if (name === undefined) return flat;
  return withShapedMembers(flat, () => {
    const declared = context.declared(kind, name);
    return declared?.kind === kind && declared.size === size ? declared : undefined;
  });
}

/**
 * Decodes the `struct btf_member` of a struct: name, type and bit offset. With kind_flag the upper byte of the offset
 * is the size of a bit-field.
 */
function decodeMembers(context: BtfContext, start: number): Member[] {
  const { view, little } = context.table;
  const info = view.getUint32(start + 4, little);
  const members: Member[] = [];
  for (let i = 0; i < lengthOf(info); i++) {
    const at = start + TYPE_BYTES + i * 12;
    const name = context.string(view.getUint32(at, little)) || undefined;
    const id = view.getUint32(at + 4, little);
    const offset = view.getUint32(at + 8, little);
    const partial = info >>> 31 ? undefined : context.partialInt(id);
    members.push({
      name,
      get type() {
        return context.type(id);
      },
      bitOffset: info >>> 31 ? offset & 0xffffff : offset + (partial?.bitOffset ?? 0),
      bitSize: info >>> 31 ? offset >>> 24 || undefined : partial?.bitSize,
    });
  }
  return members;
}

function enumType(context: BtfContext, start: number): EnumType {
  const { view, little, marksSignedEnums } = context.table;
  const info = view.getUint32(start + 4, little);
  const wide = kindOf(info) === kinds.BTF_KIND_ENUM64;
  const count = lengthOf(info);
  // Before 6.0 no enum was marked: one with a negative value is signed.
  const signed =
    info >>> 31 === 1 || (!wide && !marksSignedEnums && hasNegative(view, little, start + TYPE_BYTES, count));
  let values: EnumType["values"] | undefined;
  return {
    kind: "enum",
    name: context.string(view.getUint32(start, little)) || undefined,
    size: view.getUint32(start + 8, little),
    signed,
    incomplete: count === 0,
    get values() {
      return (values ??= Array.from({ length: count }, (_, i) => enumerator(context, start, i, wide, signed)));
    },
  };
}

function hasNegative(view: DataView, little: boolean, at: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (view.getInt32(at + i * 8 + 4, little) < 0) return true;
  return false;
}

/** Decodes a `struct btf_enum` or, if `wide`, a `struct btf_enum64`, whose value has two halves, the low one first. */
function enumerator(
  context: BtfContext,
  start: number,
  i: number,
  wide: boolean,
  signed: boolean,
): EnumType["values"][number] {
  const { view, little } = context.table;
  const at = start + TYPE_BYTES + i * (wide ? 12 : 8);
  const low = view.getUint32(at + 4, little);
  const raw = wide ? (BigInt(view.getUint32(at + 8, little)) << 32n) | BigInt(low) : BigInt(low);
  return { name: context.string(view.getUint32(at, little)), value: signed ? BigInt.asIntN(wide ? 64 : 32, raw) : raw };
}

/** Decodes the `struct btf_param` of a function. A last one without name and type is `...`. */
function functionType(context: BtfContext, start: number): FunctionType {
  const { view, little } = context.table;
  const count = lengthOf(view.getUint32(start + 4, little));
  const parameterAt = (i: number): { name: number; id: number } => {
    const at = start + TYPE_BYTES + i * 8;
    return { name: view.getUint32(at, little), id: view.getUint32(at + 4, little) };
  };
  const last = count > 0 ? parameterAt(count - 1) : undefined;
  const isVariadic = last?.name === 0 && last.id === 0;
  let parameters: FunctionType["parameters"] | undefined;
  const decode = (): FunctionType["parameters"] =>
    Array.from({ length: isVariadic ? count - 1 : count }, (_, i) => {
      const { name, id } = parameterAt(i);
      return { name: context.string(name) || undefined, type: context.type(id) };
    });
  return {
    kind: "function",
    get returns() {
      return context.type(view.getUint32(start + 8, little));
    },
    get parameters() {
      return (parameters ??= decode());
    },
    variadic: isVariadic,
  };
}
