/** XArrays and radix trees. */
import { Fault, untilFault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";

/** An index and its entry: a pointer, or a value entry with its lowest bit set. */
export interface XarrayEntry {
  readonly index: bigint;
  readonly entry: bigint;
}

/**
 * The type of nodes, and the low bits that mark pointers to them. Since Linux kernel commit 3159f943aafd ("xarray:
 * Replace exceptional entries") (in v4.20) these bits are 10; radix trees before that had 01
 * (include/linux/radix-tree.h).
 */
interface NodeFormat {
  readonly node: string;
  readonly tag: bigint;
}

const nodeFormatOf = (kernel: Kernel): NodeFormat =>
  kernel.types.find("struct", "xa_node")
    ? { node: "struct xa_node", tag: 2n }
    : { node: "struct radix_tree_node", tag: 1n };

/** Internal entries below this are marks such as "sibling" and "retry", not pointers (include/linux/xarray.h). */
const FIRST_NODE = 4096n;

const isNode = (entry: bigint, { tag }: NodeFormat): boolean => (entry & 3n) === tag && entry > FIRST_NODE;

/** Returns the pointer in a root: to a node, with its mark, or the entry at index 0. @throws Fault */
export function xarrayHead(root: Obj<"struct xarray" | "struct radix_tree_root">): bigint {
  for (const member of ["xa_head", "rnode"]) if (root.has(member)) return root.at(member).value();
  throw Fault.of("unknown", "neither an xarray nor a radix tree");
}

/** Maximum depth: a node of 64 slots covers 6 bits, so that 64-bit indexes need 11 levels. */
const MAX_HEIGHT = 16;

/**
 * Yields the entries of a `struct xarray`, or of an older `radix_tree_root`, by ascending index, without sibling slots
 * of multi-index entries. @throws Fault of the first node that cannot be read or is too deep; after the entries of all
 * others
 */
export function* xarrayEntries(
  kernel: Kernel,
  root: Obj<"struct xarray" | "struct radix_tree_root">,
): Generator<XarrayEntry> {
  yield* xarrayEntriesBelow(kernel, xarrayHead(root));
}

/** Yields the entries below a root's head, `xa_head`. @throws Fault as `xarrayEntries` */
export function* xarrayEntriesBelow(kernel: Kernel, first: bigint): Generator<XarrayEntry> {
  const format = nodeFormatOf(kernel);
  if (first === 0n) return;
  const state: Walk = { kernel, format, seen: new Set(), fault: undefined };
  yield* untilFault(walk(state, first, 0n, MAX_HEIGHT * 6), (fault) => {
    const isUnreadable = fault.kind !== "corrupt";
    state.fault = isUnreadable
      ? fault.within("the first node of the tree cannot be read, and without it none of its entries are found")
      : fault;
  });
  if (state.fault) throw state.fault;
}

/**
 * One walk through a tree. A node that is reached twice is damage; without this check shared branches would prolong the
 * walk.
 */
interface Walk {
  readonly kernel: Kernel;
  readonly format: NodeFormat;
  readonly seen: Set<bigint>;
  /** The first fault. */
  fault: Fault | undefined;
}

function* walk(state: Walk, entry: bigint, index: bigint, below: number): Generator<XarrayEntry> {
  const { kernel, format, seen } = state;
  if (!isNode(entry, format)) {
    // An internal entry that is not a node is a retry mark, or a sibling of the slot before.
    if ((entry & 3n) !== format.tag) yield { index, entry };
    return;
  }
  const node = kernel.object(format.node, entry - format.tag);
  const shift = node.at("shift").number();
  // `shift` must decrease from each level to the next, which excludes loops.
  if (shift >= below)
    throw Fault.at("corrupt", node.address, "the shift of the xarray node is not smaller than its parent's");
  if (seen.has(entry)) throw Fault.at("corrupt", node.address, "the xarray contains this node twice");
  seen.add(entry);
  let slot = -1n;
  for (const child of node.at("slots").elements()) {
    slot++;
    const value = child.value();
    const at = index + (slot << BigInt(shift));
    // A damaged node does not affect the other branches.
    if (isNode(value, format)) yield* untilFault(walk(state, value, at, shift), (fault) => (state.fault ??= fault));
    else if (value !== 0n) yield* walk(state, value, at, shift);
  }
}

/** Returns the entry at `index`; 0 if there is none. @throws Fault */
export function xarrayLoad(
  kernel: Kernel,
  root: Obj<"struct xarray" | "struct radix_tree_root">,
  index: bigint,
): bigint {
  const format = nodeFormatOf(kernel);
  let entry = xarrayHead(root);
  let below = MAX_HEIGHT * 6;
  if (!isNode(entry, format)) return index === 0n ? entry : 0n;
  while (isNode(entry, format)) {
    const node = kernel.object(format.node, entry - format.tag);
    const shift = node.at("shift").number();
    if (shift >= below)
      throw Fault.at("corrupt", node.address, "the shift of the xarray node is not smaller than its parent's");
    const slots = node.at("slots");
    const count = BigInt([...slots.elements()].length);
    const slot = index >> BigInt(shift);
    if (below === MAX_HEIGHT * 6 && slot >= count) return 0n;
    entry = slots.index(Number(slot % count)).value();
    // A sibling entry refers to the slot that has its value.
    if ((entry & 3n) === format.tag && !isNode(entry, format) && entry >> 2n < count) {
      entry = slots.index(Number(entry >> 2n)).value();
    }
    below = shift;
  }
  return (entry & 3n) === format.tag ? 0n : entry;
}

/** Returns a pointer to a node as it is stored in a slot or a head. */
export const taggedNode = (kernel: Kernel, node: bigint): bigint => {
  const { tag } = nodeFormatOf(kernel);
  return (node & 3n) === 0n ? node + tag : node;
};

/** Returns the slots from a head to an index, topmost first; empty for a head that is an entry. @throws Fault */
export function xarrayPath(kernel: Kernel, first: bigint, index: bigint): number[] {
  const format = nodeFormatOf(kernel);
  if (!isNode(first, format)) return [];
  const node = kernel.object(format.node, first - format.tag);
  const count = BigInt([...node.at("slots").elements()].length);
  const bits = BigInt(Math.max(1, count.toString(2).length - 1));
  const path: number[] = [];
  for (let shift = node.at("shift").value(); shift >= 0n && path.length < MAX_HEIGHT; shift -= bits)
    path.push(Number((index >> shift) % count));
  return path;
}
