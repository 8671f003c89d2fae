/** Finds the member at an offset. */
import { bare, type CType, type Member, sizeOf, type StructType } from "../debuginfo/ctype.ts";

/** The innermost member at an offset. */
export interface MemberAt {
  /** The path of the member: "mm.pgd", "slots[3]"; empty for the object itself. */
  readonly path: string;
  readonly type: CType;
  /** Remaining bytes of the offset within the member. */
  readonly rest: number;
  /** Whether members of a union are also there, so that the choice is uncertain. */
  readonly isAmbiguous: boolean;
}

/** Maximum depth of nested structs; real types have about five levels. */
const MAX_DEPTH = 32;

/**
 * Returns the part of a type at an offset; undefined if there is none. @param size size of the access in bytes: of the
 * members of a union those of this size come first
 */
export function memberAt(type: CType, offset: number, size: number): MemberAt | undefined {
  return offset < 0 ? undefined : inside(type, offset, size, 0);
}

/**
 * Returns the outermost member that begins at an offset: `&p->lock` is the lock, not its first member; undefined if
 * none begins there.
 */
export function outermostAt(type: CType, offset: number): MemberAt | undefined {
  const at = bare(type);
  if (offset < 0 || (at.kind !== "struct" && at.kind !== "union")) return undefined;
  for (const member of candidates(at, offset)) {
    const rest = offset - Math.floor(member.bitOffset / 8);
    if (rest === 0 && member.name !== undefined)
      return { path: member.name, type: member.type, rest: 0, isAmbiguous: false };
    const inner = outermostAt(member.type, rest);
    if (inner) return { ...inner, path: joined(member.name, inner.path) };
  }
  return undefined;
}

function inside(type: CType, offset: number, size: number, depth: number): MemberAt | undefined {
  const at = bare(type);
  if (depth > MAX_DEPTH) return undefined;
  if (at.kind === "array") return element(type, at.element, offset, size, depth);
  if (at.kind !== "struct" && at.kind !== "union") {
    return offset < Math.max(1, sizeOf(at)) ? { path: "", type, rest: offset, isAmbiguous: false } : undefined;
  }
  const found = candidates(at, offset).flatMap((member) => {
    const rest = offset - Math.floor(member.bitOffset / 8);
    const inner = inside(member.type, rest, size, depth + 1);
    return inner ? [{ ...inner, path: joined(member.name, inner.path) }] : [];
  });
  const exact = found.filter((one) => one.rest === 0 && sizeOf(one.type) === size);
  const [first] = exact.length > 0 ? exact : found;
  if (!first) return undefined;
  return { ...first, isAmbiguous: first.isAmbiguous || (exact.length > 0 ? exact : found).length > 1 };
}

function element(array: CType, type: CType, offset: number, size: number, depth: number): MemberAt | undefined {
  const each = sizeOf(type);
  if (each === 0) return undefined;
  const whole = sizeOf(array);
  if (whole > 0 && offset >= whole) return undefined;
  const index = Math.floor(offset / each);
  const inner = inside(type, offset % each, size, depth + 1);
  return inner && { ...inner, path: joined(`[${index}]`, inner.path) };
}

/** Returns the members that contain the byte at an offset. A bit-field counts only for the byte in which it begins. */
function candidates(type: StructType, offset: number): Member[] {
  return type.members.filter((member) => {
    const start = Math.floor(member.bitOffset / 8);
    if (member.bitSize !== undefined) return offset === start;
    const size = sizeOf(member.type);
    // A flexible array at the end extends to the end of the object.
    return offset >= start && (offset < start + size || (size === 0 && bare(member.type).kind === "array"));
  });
}

const joined = (name: string | undefined, path: string): string =>
  name === undefined ? path : path === "" ? name : path.startsWith("[") ? `${name}${path}` : `${name}.${path}`;
