/** Walks the trees of `tree`. */
import { hex, hex0x } from "../../../../base/hex.ts";
import { type MapleNode, mapleSlots } from "../../../../kernel/mapleTree.ts";
import { rbtreePlaces } from "../../../../kernel/rbtree.ts";
import { taggedNode, xarrayEntriesBelow, xarrayHead, xarrayPath } from "../../../../kernel/xarray.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { type Pieces, record, text, addressJson } from "../../../../say/piece.ts";
import { indent } from "../../../../render/pad.ts";
import type { Fields } from "../../../../say/table.ts";

export type TreeKind = "rbtree" | "xarray" | "maple";

/** Describes the tree that `tree` walks. */
export interface TreeWalk {
  readonly kind: TreeKind;
  /** Address of the root structure, or the node itself: its address, or the value of `ma_root` for a maple tree. */
  readonly start: bigint;
  readonly startIs: "root" | "node";
  /** Offset of the rb_node in an element, in bytes. */
  readonly link: bigint;
  /** Order from left to right. Default: each node before its children. */
  readonly inOrder: boolean;
}

export interface TreeElement {
  readonly address: bigint;
  /** Path from the root: "root/l/r", "root/0/3". */
  readonly position: string;
  /** The index in an xarray; in a maple tree, the element's number in order. */
  readonly index: bigint | undefined;
}

/** Yields the elements of a tree. @throws Fault after the readable elements, if the tree is damaged */
export function* treeElements(kernel: Kernel, walk: TreeWalk): Generator<TreeElement> {
  const { kind, start, link } = walk;
  const first = topOf(kernel, walk);
  if (kind === "rbtree") {
    for (const { node, turns } of rbtreePlaces(kernel, first, walk.inOrder))
      yield { address: BigInt.asUintN(64, node - link), position: ["root", ...turns].join("/"), index: undefined };
  } else if (kind === "xarray") {
    const top = walk.startIs === "node" ? taggedNode(kernel, start) : first;
    for (const { index, entry } of xarrayEntriesBelow(kernel, top))
      yield { address: entry, position: ["root", ...xarrayPath(kernel, top, index)].join("/"), index };
  } else {
    let number = 0n;
    for (const { entry, slot, node, isNode } of mapleSlots(kernel, first)) {
      if (isNode || entry === 0n) continue;
      yield { address: entry, position: ["root", ...(node?.path ?? []), slot].join("/"), index: ++number };
    }
  }
}

/** Returns the first node as the root stores it; for a walk that starts at a node, that node. @throws Fault */
function topOf(kernel: Kernel, { kind, start, startIs }: TreeWalk): bigint {
  if (startIs === "node") return start;
  if (kind === "rbtree") return kernel.object("struct rb_root", start).at("rb_node").value();
  if (kind === "maple") return kernel.object("struct maple_tree", start).at("ma_root").value();
  return xarrayHead(
    kernel.object(kernel.types.find("struct", "xarray") ? "struct xarray" : "struct radix_tree_root", start),
  );
}

/** The fields of a range of a maple tree. */
export const rangeFields: Fields = {
  first: { kind: "integer" },
  last: { kind: "integer" },
  entry: { kind: "address", about: "0 for an empty range" },
};

/**
 * Prints a maple tree with its nodes and empty ranges, similar to the kernel's mt_dump() (lib/maple_tree.c), without the
 * slots, gaps and pivots of the nodes.
 */
export function* mapleDump(kernel: Kernel, walk: TreeWalk): Pieces {
  const root = topOf(kernel, walk);
  if (walk.startIs === "root") {
    const flags = kernel.object("struct maple_tree", walk.start).at("ma_flags").number();
    // MT_FLAGS_HEIGHT_OFFSET and MT_FLAGS_HEIGHT_MASK, include/linux/maple_tree.h.
    const height = (flags & 0x7c) >> 2;
    yield text(
      `maple_tree(${hex(walk.start)}) flags ${hex(flags).toUpperCase()}, height ${height} root ${hex0x(root)}`,
    );
  }
  const seen = new Set<MapleNode>();
  for (const { first, last, entry, node, isNode } of mapleSlots(kernel, root)) {
    if (node && !seen.has(node)) {
      seen.add(node);
      yield nodeLine(kernel, node);
    }
    const margin = indent(2 * ((node?.path.length ?? 0) + 1));
    if (!isNode)
      yield record({ first: String(first), last: String(last), entry: addressJson(entry) }, [
        `${margin}${first === last ? first : `${first}-${last}`}: `,
        { as: "address", text: hex0x(entry), address: entry },
      ]);
  }
}

function nodeLine(kernel: Kernel, { address, type, first, last, path }: MapleNode) {
  const parent = kernel.memory.word(address);
  return text([
    `${indent(2 * path.length)}${first}-${last}: node `,
    { as: "address", text: hex0x(address), address },
    ` depth ${path.length} type ${type} parent ${hex0x(parent)}`,
  ]);
}
