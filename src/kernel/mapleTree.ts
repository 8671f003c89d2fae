/** Maple trees. */
import { Fault, untilFault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";

/** A stored entry and its range of indexes, both ends inclusive. */
export interface MapleEntry {
  readonly first: bigint;
  readonly last: bigint;
  readonly entry: bigint;
}

// enum maple_type, include/linux/maple_tree.h
const maple_dense = 0n;
const maple_leaf_64 = 1n;
const maple_range_64 = 2n;
const maple_arange_64 = 3n;

/** A node's address is aligned to 256 bytes; bits 3-6 of the pointer contain its type. */
const MAPLE_NODE_MASK = 255n;
const nodeType = (encoded: bigint): bigint => (encoded >> 3n) & 15n;

/**
 * One walk through a tree. A node that is reached twice is damage; without this check loops and shared branches would
 * prolong the walk.
 */
interface Walk {
  readonly kernel: Kernel;
  readonly seen: Set<bigint>;
  /** The first fault. */
  fault: Fault | undefined;
}

/** Maximum depth. A tree of 2^64 entries is less deep, even if few of its slots are used. */
const MAX_DEPTH = 64;

/** A node, and how it was reached. */
export interface MapleNode {
  readonly address: bigint;
  /** enum maple_type */
  readonly type: number;
  readonly first: bigint;
  readonly last: bigint;
  /** Slots from the root to this node. */
  readonly path: readonly number[];
}

/** A slot of a node. It contains an entry, 0, or a pointer to a node, whose slots are yielded next. */
export interface MapleSlot extends MapleEntry {
  readonly slot: number;
  /** The node; undefined for the only entry of a tree without nodes. */
  readonly node: MapleNode | undefined;
  readonly isNode: boolean;
}

const isNode = (entry: bigint): boolean => (entry & 3n) === 2n && entry > 4096n;

/**
 * Yields the entries of a `struct maple_tree` in ascending order, without empty ranges. @throws Fault of the first node
 * that cannot be read or is not a maple node; after the entries of all others
 */
export function* mapleEntries(kernel: Kernel, tree: Obj<"struct maple_tree">): Generator<MapleEntry> {
  for (const slot of mapleSlots(kernel, tree.at("ma_root").value())) if (!slot.isNode && slot.entry !== 0n) yield slot;
}

/**
 * Yields all slots below a root (`maple_tree.ma_root`) in ascending order, including empty ones. @throws Fault as
 * `mapleEntries`
 */
export function* mapleSlots(kernel: Kernel, root: bigint): Generator<MapleSlot> {
  const last = (1n << BigInt(kernel.arch.wordSize * 8)) - 1n;
  if (root === 0n) return;
  if (isNode(root)) {
    const state: Walk = { kernel, seen: new Set(), fault: undefined };
    yield* branch(state, root, 0n, last, []);
    if (state.fault) throw state.fault;
  } else yield { first: 0n, last: 0n, entry: root, slot: 0, node: undefined, isNode: false };
}

/** Yields the slots below a pointer to a node. A damaged node does not affect the other branches. */
const branch = (state: Walk, ...at: readonly [bigint, bigint, bigint, readonly number[]]): Generator<MapleSlot> =>
  untilFault(walk(state, ...at), (fault) => {
    const isFirstNode = at[3].length === 0 && fault.kind !== "corrupt";
    state.fault ??= isFirstNode
      ? fault.within("the first node of the tree cannot be read, and without it none of its entries are found")
      : fault;
  });

function* walk(state: Walk, encoded: bigint, min: bigint, max: bigint, path: readonly number[]): Generator<MapleSlot> {
  const address = encoded & ~MAPLE_NODE_MASK;
  if (state.seen.has(address)) throw Fault.at("corrupt", address, "the maple tree contains this node twice");
  state.seen.add(address);
  if (path.length >= MAX_DEPTH) throw Fault.at("corrupt", address, `the maple tree has more than ${MAX_DEPTH} levels`);
  const type = nodeType(encoded);
  const { pivots, slots } = parts(state.kernel.object("struct maple_node", address), type);
  const node: MapleNode = { address, type: Number(type), first: min, last: max, path };
  let first = min;
  for (let slot = 0; slot < slots.length; slot++) {
    // A missing pivot, or a pivot of zero except for index 0, means that this slot extends to the node's end.
    const pivot = pivots[slot] ?? 0n;
    const last = slot < pivots.length && (pivot !== 0n || first === 0n) ? pivot : max;
    if (last > max || last < first) throw Fault.at("corrupt", address, "maple node's pivots do not ascend");
    const entry = slots[slot] ?? 0n;
    // Only the root's pointer is marked as a node; pointers in inner nodes always are nodes.
    const isNode = type > maple_leaf_64 && entry !== 0n;
    if (type <= maple_leaf_64 || isNode) yield { first, last, entry, slot, node, isNode };
    if (isNode) yield* branch(state, entry, first, last, [...path, slot]);
    if (last === max) return;
    first = last + 1n;
  }
}

/** Returns the pivots and slots of a node by its type (lib/maple_tree.c: ma_pivots, ma_slots). */
function parts(node: Obj<"struct maple_node">, type: bigint): { pivots: bigint[]; slots: bigint[] } {
  const values = (path: string): bigint[] => [...node.at(path).elements()].map((element) => element.value());
  switch (type) {
    case maple_dense:
      return { pivots: [], slots: values("slot").slice(0, 1) };
    case maple_leaf_64:
    case maple_range_64:
      return { pivots: values("mr64.pivot"), slots: values("mr64.slot") };
    case maple_arange_64:
      return { pivots: values("ma64.pivot"), slots: values("ma64.slot") };
    default:
      throw Fault.at("corrupt", node.address, `maple node of unknown type ${type}`);
  }
}
