/** Where the members of a struct are: offsets, sizes, and the bytes between members that none of them uses. */
import { type CType, type Member, sizeOf, type StructType, unqualified } from "../debuginfo/ctype.ts";

/** A member, or a part of the struct that no member uses. */
export interface LayoutPart {
  /**
   * "hole" is between members, "padding" is after the last one; "block" is a member whose struct or union type has no
   * tag; its members follow.
   */
  readonly kind: "member" | "block" | "hole" | "padding";
  /** Offset from the start of the outermost struct in bits, as `Member.bitOffset`. */
  readonly bitOffset: number;
  /** Size in bits. */
  readonly bits: number;
  /** 0 for the members of the struct itself, more for those of blocks. */
  readonly depth: number;
  /** Path from the outermost struct; "" for holes, padding and blocks whose member has no name. */
  readonly path: string;
  /** Undefined for holes and padding. */
  readonly member: Member | undefined;
}

/** Maximum depth of nested blocks, and maximum number of parts, because input can be damaged. */
const MAX_DEPTH = 32;
const MAX_PARTS = 100_000;

/** Yields members in the order of their declaration, blocks before their members, and holes where they are. */
export function* typeLayout(type: StructType): Generator<LayoutPart> {
  let parts = 0;
  for (const part of partsOf(type, { bitOffset: 0, depth: 0, path: "" })) {
    yield part;
    if (++parts === MAX_PARTS) return;
  }
}

type Place = Pick<LayoutPart, "bitOffset" | "depth" | "path">;

function* partsOf(type: StructType, place: Place): Generator<LayoutPart> {
  let end = 0;
  for (const member of type.members) {
    if (type.kind === "struct" && member.bitOffset > end) yield gap("hole", place, end, member.bitOffset);
    yield* memberParts(member, place);
    end = Math.max(end, member.bitOffset + bitsOf(member));
  }
  if (!type.incomplete && end < type.size * 8 && type.members.length > 0)
    yield gap("padding", place, end, type.size * 8);
}

function* memberParts(member: Member, { bitOffset, depth, path }: Place): Generator<LayoutPart> {
  const name = member.name ?? "";
  const place = { bitOffset: bitOffset + member.bitOffset, depth, path: name === "" ? "" : path + name };
  const block = blockOf(member.type);
  const isBlock = block !== undefined && depth < MAX_DEPTH;
  yield { ...place, kind: isBlock ? "block" : "member", bits: bitsOf(member), member };
  if (!isBlock) return;
  yield* partsOf(block, { ...place, depth: depth + 1, path: name === "" ? path : `${path}${name}.` });
}

const gap = (kind: "hole" | "padding", { bitOffset, depth }: Place, from: number, to: number): LayoutPart => ({
  kind,
  bitOffset: bitOffset + from,
  bits: to - from,
  depth,
  path: "",
  member: undefined,
});

const bitsOf = ({ type, bitSize }: Member): number => bitSize ?? sizeOf(type) * 8;

/**
 * Returns a struct or union that is declared where the member is, and has no name to look it up by; undefined for other
 * types.
 */
function blockOf(type: CType): StructType | undefined {
  const at = unqualified(type);
  return (at.kind === "struct" || at.kind === "union") && at.name === undefined ? at : undefined;
}
