/**
 * C types as both BTF and DWARF describe them. Plain data. Parts that can be large or cyclic (`target`, `element`,
 * `members`, `values`, `returns`) can be getters, which decode when they are read.
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
  /** Size in bytes. */
  readonly size: number;
  readonly signed: boolean;
  /** An array of `char` prints as text, a `bool` as true or false. */
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
  /** Undefined for an anonymous type. */
  readonly name: string | undefined;
  /** Size in bytes; 0 if only declared. */
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
   * Offset from the start of the struct in bits. For a bit-field it is the offset of the least significant bit on a
   * little-endian machine, of the most significant bit on a big-endian machine (like DW_AT_data_bit_offset and BTF).
   */
  readonly bitOffset: number;
  /** Size of a bit-field in bits; undefined for other members. */
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
  /** Total size in bytes, if it is known without `element` and `count`, which can need a search for the declaration. */
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

/** Kinds of types that can be looked up by name. */
export type TypeKind = "struct" | "union" | "enum" | "typedef" | "int";

export const VOID: VoidType = { kind: "void" };

/** Maximum number of typedefs and qualifiers before a type, and of dimensions of an array; more means damage. */
const MAX_LAYERS = 64;

/** Returns the type without typedefs and qualifiers; void if it has more of them than the limit. */
export function bare(type: CType): Exclude<CType, TypedefType | QualifiedType> {
  let at = type;
  for (let layer = 0; layer <= MAX_LAYERS; layer++) {
    if (at.kind !== "typedef" && at.kind !== "qualified") return at;
    at = at.target;
  }
  return VOID;
}

/** Returns the type without the qualifiers before it. Typedefs stay. */
export function unqualified(type: CType): CType {
  let at = type;
  for (let layer = 0; at.kind === "qualified" && layer < MAX_LAYERS; layer++) at = at.target;
  return at;
}

/** Makes an array whose element is computed whenever it is read. @param count undefined for a flexible array */
export const lazyArray = (element: () => CType, count: number | undefined): ArrayType => ({
  kind: "array",
  get element() {
    return element();
  },
  count,
});

/** Makes a qualified type whose target is computed whenever it is read. */
export const lazyQualified = (qualifier: QualifiedType["qualifier"], target: () => CType): QualifiedType => ({
  kind: "qualified",
  qualifier,
  get target() {
    return target();
  },
});

/** Returns the size in bytes as `sizeof` counts it; 0 for void, functions, flexible arrays and incomplete types. */
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
