import { Fault } from "../base/fault.ts";
import type { CType } from "../debuginfo/ctype.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";

/**
 * Follows `next` words from `first` until `isEnd`, with Brent's cycle detection: each node is compared
 * with one left behind at every power of two, so a loop is noticed without remembering all nodes.
 */
function* chain(kernel: Kernel, first: bigint, isEnd: (node: bigint) => boolean): Generator<bigint> {
  let left = -1n;
  let steps = 0;
  let limit = 2;
  for (let node = first, next = 0n; !isEnd(node); node = next) {
    if (node === left) throw Fault.at("corrupt", node, "list loops without reaching its head");
    if (node === 0n) throw Fault.of("corrupt", "list ends in NULL before reaching its head");
    if (++steps === limit) {
      left = node;
      limit *= 2;
    }
    // Read before it is yielded: an address that is no node must not pass for one.
    next = kernel.memory.word(node);
    yield node;
  }
}

/** Bytes from the start of `type` to `member` (a path). */
export const memberOffset = (kernel: Kernel, type: string | CType, member: string): bigint =>
  kernel.object(type, 0n).at(member).address;

function* entries(kernel: Kernel, nodes: Iterable<bigint>, type: string, member: string): Generator<Obj> {
  const ctype = kernel.types.named(type);
  const offset = memberOffset(kernel, ctype, member);
  for (const node of nodes) yield kernel.object(ctype, BigInt.asUintN(64, node - offset));
}

/**
 * Addresses of the nodes of a `struct list_head` list, its head left out (include/linux/types.h: `next` comes first).
 *
 * @throws Fault at the first node that cannot be read, or that closes a loop which does not pass
 *   through `head`; nodes before it have been yielded.
 */
export function* listNodes(kernel: Kernel, head: bigint): Generator<bigint> {
  yield* chain(kernel, kernel.memory.word(head), (node) => node === head);
}

/**
 * Entries of a `struct list_head` list.
 *
 * @param head `struct list_head`
 * @param type the entry's type, e.g. `struct module`
 * @param member the entry's `list_head` member
 * @throws Fault as `listNodes`
 */
export function* listEntries(kernel: Kernel, head: Obj, type: string, member: string): Generator<Obj> {
  yield* entries(kernel, listNodes(kernel, head.address), type, member);
}

/** Addresses of the nodes of a `struct hlist_head`, or `hlist_nulls_head` whose end is an odd word. @throws Fault */
export function* hlistNodes(kernel: Kernel, head: bigint): Generator<bigint> {
  yield* chain(kernel, kernel.memory.word(head), (node) => node === 0n || (node & 1n) === 1n);
}

/** Entries of a `struct hlist_head` or `hlist_nulls_head`. @throws Fault as `hlistNodes` */
export function* hlistEntries(kernel: Kernel, head: Obj, type: string, member: string): Generator<Obj> {
  yield* entries(kernel, hlistNodes(kernel, head.address), type, member);
}

/** Entries of a `struct llist_head`, newest first. @throws Fault */
export function* llistEntries(kernel: Kernel, head: Obj, type: string, member: string): Generator<Obj> {
  const nodes = chain(kernel, kernel.memory.word(head.address), (node) => node === 0n);
  yield* entries(kernel, nodes, type, member);
}
