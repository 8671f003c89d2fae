/** Paths to members at an offset. */
import { bare, type CType, sizeOf, type StructType } from "../debuginfo/ctype.ts";

/** A step into a type: a member of a struct, or an element of an array. */
export interface MemberStep {
  /** The struct with the member; undefined for an array element and within an anonymous struct. */
  readonly struct: StructType | undefined;
  /** `i_rwsem`, `[3]`; empty for an anonymous struct or union. */
  readonly name: string;
  /** Offset of the member from the start of the outermost type in bytes. */
  readonly offset: number;
}

/** Maximum depth of nested structs; real ones nest about eight deep. */
const MAX_DEPTH = 32;

/**
 * Returns the path from a type to its part at an offset for which `isWanted` is true; of union members the first such
 * path. @param offset in bytes @returns undefined if there is no such part
 */
export function memberPath(
  type: CType,
  offset: number,
  isWanted: (type: CType) => boolean,
): readonly MemberStep[] | undefined {
  return search(type, offset, 0, isWanted, 0);
}

/** Returns a path as it follows a variable in C: `.i_rwsem`, `[3].lock`. */
export const pathText = (path: readonly MemberStep[]): string =>
  path.map(({ name }) => (name === "" || name.startsWith("[") ? name : `.${name}`)).join("");

function search(
  type: CType,
  offset: number,
  base: number,
  isWanted: (type: CType) => boolean,
  depth: number,
): readonly MemberStep[] | undefined {
  const whole = bare(type);
  if (offset === base && isWanted(type)) return [];
  if (depth > MAX_DEPTH) return undefined;
  if (whole.kind === "array") {
    const size = sizeOf(whole.element);
    if (size <= 0) return undefined;
    const index = Math.floor((offset - base) / size);
    const at = base + index * size;
    const rest = search(whole.element, offset, at, isWanted, depth + 1);
    return rest && [{ struct: undefined, name: `[${index}]`, offset: at }, ...rest];
  }
  if (whole.kind !== "struct" && whole.kind !== "union") return undefined;
  for (const { name = "", type: inner, bitOffset, bitSize } of whole.members) {
    const at = base + (bitOffset >> 3);
    if (bitSize !== undefined || offset < at || offset >= at + sizeOf(inner)) continue;
    const rest = search(inner, offset, at, isWanted, depth + 1);
    if (rest) return [{ struct: whole.name === undefined ? undefined : whole, name, offset: at }, ...rest];
  }
  return undefined;
}
