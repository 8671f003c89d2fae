/** Red-black trees. */
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { memberOffset } from "./list.ts";

/** Maximum depth: red-black trees are at most 2 log2(n + 1) deep. */
const MAX_DEPTH = 128;

/**
 * Yields the addresses of the `struct rb_node`s of a tree in order. Each node's parent pointer (`__rb_parent_color`
 * without its low bits, include/linux/rbtree_types.h) must refer to the node it was reached from. A node has one
 * parent, so that no damage can make the walk visit a node twice. @param root `struct rb_root` or `rb_root_cached`
 * @throws Fault of the first node that cannot be read or has another parent; after the nodes that can be reached
 * without it
 */
export function* rbtreeNodes(kernel: Kernel, root: Obj<"struct rb_root" | "struct rb_root_cached">): Generator<bigint> {
  const rbRoot = root.has("rb_root") ? root.at("rb_root") : root;
  const node = kernel.object("struct rb_node", 0n);
  const [parent, left, right] = ["__rb_parent_color", "rb_left", "rb_right"].map((name) => node.at(name).address) as [
    bigint,
    bigint,
    bigint,
  ];
  const path: bigint[] = [];
  let fault: Fault | undefined;
  /** Runs `branch`. An unreadable node does not affect the other branches. */
  const reach = (branch: () => void): void => {
    const end = attempt(branch);
    if (end instanceof Fault) fault ??= end;
  };
  const descend = (from: bigint, above: bigint): void => {
    for (let at = from; at !== 0n; above = at, at = kernel.memory.word(at + left)) {
      if ((kernel.memory.word(at + parent) & ~3n) !== above) {
        throw Fault.at("corrupt", at, "rbtree node does not point to its parent");
      }
      if (path.length >= MAX_DEPTH) throw Fault.at("corrupt", at, `the rbtree has more than ${MAX_DEPTH} levels`);
      path.push(at);
    }
  };
  const top = rbRoot.at("rb_node").value();
  reach(() => descend(top, 0n));
  if (fault && path.length === 0) throw withoutRoot(fault);
  for (let at = path.pop(); at !== undefined; at = path.pop()) {
    yield at;
    const node = at;
    reach(() => {
      const next = kernel.memory.word(node + right);
      // Both children can point to it as their parent, but must differ.
      if (next !== 0n && next === kernel.memory.word(node + left)) {
        throw Fault.at("corrupt", node, "rbtree node has the same child twice");
      }
      descend(next, node);
    });
  }
  if (fault) throw fault;
}

/** Explains a fault of the first node: the nodes below it can only be reached through it. */
const withoutRoot = (fault: Fault): Fault =>
  fault.kind === "corrupt"
    ? fault
    : fault.within("the first node of the tree cannot be read, and without it none of its entries are found");

/**
 * Yields the entries of a red-black tree in order. @param type the entry's type, e.g. `struct vmap_area` @param member
 * the entry's `rb_node` member @throws Fault as `rbtreeNodes`
 */
export function* rbtreeEntries<T extends string>(
  kernel: Kernel,
  root: Obj<"struct rb_root" | "struct rb_root_cached">,
  type: T,
  member: string,
): Generator<Obj<T>> {
  const ctype = kernel.types.named(type);
  const offset = memberOffset(kernel, ctype, member);
  for (const node of rbtreeNodes(kernel, root)) yield kernel.object(ctype, BigInt.asUintN(64, node - offset));
}

/** A node, and the turns from the root to it: "lrl" for left, right, left. */
export interface RbtreePlace {
  readonly node: bigint;
  readonly turns: string;
}

/**
 * Yields the nodes below a node, including it: each before its children or, if `inOrder`, between them. @throws Fault
 * as `rbtreeNodes`
 */
export function* rbtreePlaces(kernel: Kernel, top: bigint, inOrder: boolean): Generator<RbtreePlace> {
  const node = kernel.object("struct rb_node", 0n);
  const at = (name: string): bigint => node.at(name).address;
  const members = { parent: at("__rb_parent_color"), left: at("rb_left"), right: at("rb_right") };
  if (top === 0n) return;
  const root = attempt(() => kernel.memory.word(top));
  if (root instanceof Fault) throw withoutRoot(root);
  const walk: PlacesWalk = { kernel, ...members, inOrder, fault: undefined };
  yield* places(walk, { node: top, turns: "" });
  if (walk.fault) throw walk.fault;
}

interface PlacesWalk {
  readonly kernel: Kernel;
  /** Offsets of the members. */
  readonly parent: bigint;
  readonly left: bigint;
  readonly right: bigint;
  readonly inOrder: boolean;
  /** The first fault. */
  fault: Fault | undefined;
}

function* places(walk: PlacesWalk, place: RbtreePlace): Generator<RbtreePlace> {
  const { kernel, parent, inOrder } = walk;
  const { node, turns } = place;
  /**
   * Returns the address of a child; 0 if there is none, or if it is unreadable, which does not affect the other
   * branches.
   */
  const child = (member: bigint, other = 0n): bigint => {
    const found = attempt(() => {
      const address = kernel.memory.word(node + member);
      if (address === 0n) return 0n;
      if (turns.length >= MAX_DEPTH) throw Fault.at("corrupt", node, `the rbtree has more than ${MAX_DEPTH} levels`);
      if (address === other) throw Fault.at("corrupt", node, "rbtree node has the same child twice");
      if ((kernel.memory.word(address + parent) & ~3n) !== node)
        throw Fault.at("corrupt", address, "rbtree node does not point to its parent");
      return address;
    });
    if (found instanceof Fault) walk.fault ??= found;
    return found instanceof Fault ? 0n : found;
  };
  const left = child(walk.left);
  const right = child(walk.right, left);
  if (!inOrder) yield place;
  if (left !== 0n) yield* places(walk, { node: left, turns: `${turns}l` });
  if (inOrder) yield place;
  if (right !== 0n) yield* places(walk, { node: right, turns: `${turns}r` });
}
