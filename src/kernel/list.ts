/** Linked lists of the kernel. */
import { attempt, Fault } from "../base/fault.ts";
import { hex0x } from "../base/hex.ts";
import type { CType } from "../debuginfo/ctype.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { chain } from "./chain.ts";

/** Returns the offset of `member` (a path) in `type`, in bytes. */
export const memberOffset = (kernel: Kernel, type: string | CType, member: string): bigint =>
  kernel.object(type, 0n).at(member).address;

function* entries<T extends string>(
  kernel: Kernel,
  nodes: Iterable<bigint>,
  type: T,
  member: string,
): Generator<Obj<T>> {
  const ctype = kernel.types.named(type);
  const offset = memberOffset(kernel, ctype, member);
  for (const node of nodes) yield kernel.object(ctype, BigInt.asUintN(64, node - offset));
}

/**
 * Reads the second word of a node, which identifies the previous node: `prev` of a `list_head`, or `pprev` of a
 * `hlist_node`, the address of the pointer to this node (include/linux/types.h: that pointer is the first word of
 * either struct).
 */
const backLink = (kernel: Kernel, node: bigint): bigint => kernel.memory.word(node + BigInt(kernel.arch.wordSize));

/**
 * Follows the first words from `head` and checks that each node refers back to the one before it. Because a node can
 * refer back to only one, loops and links into other lists are detected.
 *
 * While an entry is inserted or removed (include/linux/list.h: __list_add_rcu, __list_del), the node after it refers
 * back to the node before it. That is not damage, and the walk by first words is complete. @param isEnd whether a first
 * word ends the list; `head` itself is checked like a node @returns the fault that ended the walk, and the last node
 * before it @throws nothing: the fault is returned
 */
function* checkedNodes(
  kernel: Kernel,
  head: bigint,
  isEnd: (next: bigint) => boolean,
): Generator<bigint, { readonly fault: Fault; readonly last: bigint } | undefined, void> {
  let before: bigint | undefined;
  for (let node = head; ;) {
    const next = attempt(() => {
      const next = kernel.memory.word(node);
      if (isEnd(next)) return undefined;
      if (next === 0n) throw Fault.of("corrupt", "list ends in NULL before reaching its head");
      const previous = backLink(kernel, next);
      if (previous !== node && (previous !== before || next === node))
        throw Fault.at(
          "corrupt",
          node,
          `list is damaged here: the next node is ${hex0x(next)}, whose previous node is ${hex0x(previous)}`,
        );
      return next;
    });
    if (next instanceof Fault) return { fault: next, last: node };
    if (next === undefined || next === head) return undefined;
    yield next;
    before = node;
    node = next;
  }
}

/** Maximum number of nodes after a broken link that are kept until they can be yielded in order. */
const MAX_AFTER_BREAK = 1 << 20;

/**
 * Returns the nodes after a break. They are found from the head backwards by `prev`, as long as `next` of each node
 * points to the one after it. @param last the node before the break
 */
function nodesAfterBreak(kernel: Kernel, head: bigint, last: bigint): bigint[] {
  const found: bigint[] = [];
  for (let node = head; found.length < MAX_AFTER_BREAK;) {
    const prev = attempt(() => {
      const prev = backLink(kernel, node);
      return prev !== last && prev !== head && kernel.memory.word(prev) === node ? prev : undefined;
    });
    if (prev === undefined || prev instanceof Fault) break;
    found.push(prev);
    node = prev;
  }
  return found.reverse();
}

/**
 * Yields the addresses of the nodes of a `struct list_head` list without its head (include/linux/types.h: `next` is the
 * first member). @throws Fault where a node cannot be read or does not refer back to the node before it; after the
 * nodes before it, and those after it that can be reached by `prev` from the head
 */
export function* listNodes(kernel: Kernel, head: bigint): Generator<bigint> {
  const broken = yield* checkedNodes(kernel, head, () => false);
  if (!broken) return;
  yield* nodesAfterBreak(kernel, head, broken.last);
  throw broken.fault;
}

/**
 * Yields the entries of a `struct list_head` list. @param head `struct list_head` @param type the entry's type, e.g.
 * `struct module` @param member the entry's `list_head` member @throws Fault as `listNodes`
 */
export function* listEntries<T extends string>(
  kernel: Kernel,
  head: Obj<"struct list_head">,
  type: T,
  member: string,
): Generator<Obj<T>> {
  yield* entries(kernel, listNodes(kernel, head.address), type, member);
}

/**
 * Yields the addresses of the nodes of a `struct hlist_head`, or of a `hlist_nulls_head`, whose end is an odd word.
 * @throws Fault at the first node that cannot be read or whose `pprev` does not refer back; after the nodes before it
 */
export function* hlistNodes(kernel: Kernel, head: bigint): Generator<bigint> {
  const broken = yield* checkedNodes(kernel, head, (next) => next === 0n || (next & 1n) === 1n);
  if (broken) throw broken.fault;
}

/** Yields the entries of a `struct hlist_head` or `hlist_nulls_head`. @throws Fault as `hlistNodes` */
export function* hlistEntries<T extends string>(
  kernel: Kernel,
  head: Obj<"struct hlist_head">,
  type: T,
  member: string,
): Generator<Obj<T>> {
  yield* entries(kernel, hlistNodes(kernel, head.address), type, member);
}

/**
 * Yields the entries of a `struct llist_head` (include/linux/llist.h), newest first. Its nodes have no back links.
 * @param head `struct llist_head` @param member the entry's `struct llist_node` member @throws Fault at the first node
 * that cannot be read or was already visited; after the nodes before it
 */
export function* llistEntries<T extends string>(
  kernel: Kernel,
  head: Obj<"struct llist_head">,
  type: T,
  member: string,
): Generator<Obj<T>> {
  const nodes = function* (): Generator<bigint> {
    for (const node of chain(head.at("first"))) yield node.address;
  };
  yield* entries(kernel, nodes(), type, member);
}
