/**
 * C types as BTF and DWARF both tell them. Plain data; anything that may be large or cyclic
 * (`target`, `members`, `values`) is a getter that decodes when first asked.
 */
export type CType =
  | VoidType
  | IntType
  | FloatType
  | PointerType
  | StructType
  | EnumType
  | ArrayType
  | TypedefType
  | QualifiedType
  | FunctionType;

export interface VoidType {
  readonly kind: "void";
}
export interface IntType {
  readonly kind: "int";
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly signed: boolean;
  /** `char` prints as text in arrays, `bool` as true/false. */
  readonly encoding: "int" | "char" | "bool";
}
export interface FloatType {
  readonly kind: "float";
  readonly name: string;
  readonly size: number;
}
export interface PointerType {
  readonly kind: "pointer";
  readonly size: number;
  readonly target: CType;
}
export interface StructType {
  readonly kind: "struct" | "union";
  /** Undefined for an anonymous one. */
  readonly name: string | undefined;
  /** Bytes; 0 when only declared. */
  readonly size: number;
  /** Only a forward declaration is known. */
  readonly incomplete: boolean;
  readonly members: readonly Member[];
}
export interface Member {
  /** Undefined for an anonymous struct or union member. */
  readonly name: string | undefined;
  readonly type: CType;
  /**
   * From the start of the struct, in bits. For a bit-field on a little-endian target it is that of the least
   * significant bit; on a big-endian one that of the most significant bit (as DW_AT_data_bit_offset and BTF count).
   */
  readonly bitOffset: number;
  /** Bits of a bit-field; undefined for an ordinary member. */
  readonly bitSize: number | undefined;
}
export interface EnumType {
  readonly kind: "enum";
  readonly name: string | undefined;
  readonly size: number;
  readonly signed: boolean;
  readonly incomplete: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}
export interface ArrayType {
  readonly kind: "array";
  readonly element: CType;
  /** Undefined for a flexible array `[]`. */
  readonly count: number | undefined;
  /** Of the whole; where it is known before `element` and `count`, which may take a search for the declaration. */
  readonly bytes?: number;
}
export interface TypedefType {
  readonly kind: "typedef";
  readonly name: string;
  readonly target: CType;
}
export interface QualifiedType {
  readonly kind: "qualified";
  readonly qualifier: "const" | "volatile" | "restrict" | "atomic";
  readonly target: CType;
}
export interface FunctionType {
  readonly kind: "function";
  readonly returns: CType;
  readonly parameters: readonly { readonly name: string | undefined; readonly type: CType }[];
  readonly variadic: boolean;
}

/** What a type can be looked up as. */
export type TypeKind = "struct" | "union" | "enum" | "typedef" | "int";

export const VOID: VoidType = { kind: "void" };

/** Typedefs and qualifiers that may stand in front of a type before a lying input is cut off. */
const MAX_LAYERS = 64;

/** The type without typedefs and qualifiers. */
export function bare(type: CType): Exclude<CType, TypedefType | QualifiedType> {
  let at = type;
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    if (at.kind !== "typedef" && at.kind !== "qualified") return at;
    at = at.target;
  }
  return VOID;
}

/** The type without the qualifiers in front of it; typedefs stay. */
export function unqualified(type: CType): CType {
  let at = type;
  for (let layer = 0; at.kind === "qualified" && layer < MAX_LAYERS; layer++) at = at.target;
  return at;
}

/** An array whose element is known when it is asked for. @param count undefined for a flexible array */
export const lazyArray = (element: () => CType, count: number | undefined): ArrayType => ({
  kind: "array",
  get element() {
    return element();
  },
  count,
});

/** A qualified type whose target is known when it is asked for. */
export const lazyQualified = (qualifier: QualifiedType["qualifier"], target: () => CType): QualifiedType => ({
  kind: "qualified",
  qualifier,
  get target() {
    return target();
  },
});

/** Bytes as `sizeof` counts them; 0 for void, functions, flexible arrays and incomplete types. */
export function sizeOf(type: CType, depth = 0): number {
  const at = bare(type);
  switch (at.kind) {
    case "void":
    case "function":
      return 0;
    case "array":
      if (at.bytes !== undefined) return at.bytes;
      return depth > MAX_LAYERS ? 0 : (at.count ?? 0) * sizeOf(at.element, depth + 1);
    default:
      return at.size;
  }
}
