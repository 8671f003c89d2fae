import { Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { memberOffset } from "./list.ts";

/** Red-black trees are at most 2 log2(n + 1) deep: more than this is no tree. */
const MAX_DEPTH = 128;

/**
 * Addresses of the `struct rb_node`s of a tree, in order.
 *
 * Each node's parent pointer (`__rb_parent_color` without its low bits, include/linux/rbtree_types.h) must name
 * the node it was reached from: a node has one parent, so no damage can make the walk visit a node twice.
 *
 * @param root `struct rb_root` or `rb_root_cached`
 * @throws Fault at the first node that cannot be read or whose parent is another; nodes before it were yielded
 */
export function* rbtreeNodes(kernel: Kernel, root: Obj): Generator<bigint> {
  const rbRoot = root.has("rb_root") ? root.at("rb_root") : root;
  const node = kernel.object("struct rb_node", 0n);
  const [parent, left, right] = ["__rb_parent_color", "rb_left", "rb_right"].map((name) => node.at(name).address) as [
    bigint,
    bigint,
    bigint,
  ];
  const path: bigint[] = [];
  const descend = (from: bigint, above: bigint): void => {
    for (let at = from; at !== 0n; above = at, at = kernel.memory.word(at + left)) {
      if ((kernel.memory.word(at + parent) & ~3n) !== above) {
        throw Fault.at("corrupt", at, "rbtree node does not name its parent");
      }
      if (path.length >= MAX_DEPTH) throw Fault.at("corrupt", at, "rbtree is deeper than a tree can be");
      path.push(at);
    }
  };
  descend(rbRoot.at("rb_node").value(), 0n);
  for (let at = path.pop(); at !== undefined; at = path.pop()) {
    yield at;
    const next = kernel.memory.word(at + right);
    // Both children may name it as their parent, but they must be two.
    if (next !== 0n && next === kernel.memory.word(at + left)) {
      throw Fault.at("corrupt", at, "rbtree node has the same child twice");
    }
    descend(next, at);
  }
}

/**
 * Entries of a red-black tree, in order.
 *
 * @param type the entry's type, e.g. `struct vmap_area`
 * @param member the entry's `rb_node` member
 * @throws Fault as `rbtreeNodes`
 */
export function* rbtreeEntries(kernel: Kernel, root: Obj, type: string, member: string): Generator<Obj> {
  const ctype = kernel.types.named(type);
  const offset = memberOffset(kernel, ctype, member);
  for (const node of rbtreeNodes(kernel, root)) yield kernel.object(ctype, BigInt.asUintN(64, node - offset));
}
