import { attempt, Fault } from "../base/fault.ts";
import { hex0x } from "../base/hex.ts";
import type { CType } from "../debuginfo/ctype.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { chain } from "./chain.ts";

/** Bytes from the start of `type` to `member` (a path). */
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
 * The second word of a node that names the node before it: `prev` of a `list_head`, and `pprev` of a `hlist_node`,
 * which holds the address of the pointer that leads here (include/linux/types.h: that pointer is the first word of
 * either struct).
 */
const backLink = (kernel: Kernel, node: bigint): bigint => kernel.memory.word(node + BigInt(kernel.arch.wordSize));

/**
 * Follows first words from `head`, and checks that each node names the one before it. A node can name only one, so
 * neither a loop nor a way into another list goes unnoticed.
 *
 * While an entry is inserted or removed (include/linux/list.h: __list_add_rcu, __list_del), the node behind it names
 * the one in front of it: that is no damage, and the walk by first words is complete.
 *
 * @param isEnd of a first word: no node follows; `head` itself is checked like a node
 * @returns the fault that ended the walk, and the last node before it
 * @throws Fault nothing: it is returned
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
      const named = backLink(kernel, next);
      if (named !== node && (named !== before || next === node))
        throw Fault.at(
          "corrupt",
          node,
          `list is damaged here: its next entry ${hex0x(next)} names ${hex0x(named)} as the one before it`,
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

/** Entries behind a broken link that are remembered until they can be given in order. */
const MAX_BEHIND = 1 << 20;

/**
 * Nodes behind the place where a list breaks: from the head by `prev`, as far as each leads back by `next`.
 * @param last the node in front of the break
 */
function behindBreak(kernel: Kernel, head: bigint, last: bigint): bigint[] {
  const found: bigint[] = [];
  for (let node = head; found.length < MAX_BEHIND;) {
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
 * Addresses of the nodes of a `struct list_head` list, its head left out (include/linux/types.h: `next` comes first).
 *
 * @throws Fault where a node cannot be read, or does not name the node before it as `prev`: after the nodes in front
 *   of it, and those behind it that can be reached by `prev` from the head
 */
export function* listNodes(kernel: Kernel, head: bigint): Generator<bigint> {
  const broken = yield* checkedNodes(kernel, head, () => false);
  if (!broken) return;
  yield* behindBreak(kernel, head, broken.last);
  throw broken.fault;
}

/**
 * Entries of a `struct list_head` list.
 *
 * @param head `struct list_head`
 * @param type the entry's type, e.g. `struct module`
 * @param member the entry's `list_head` member
 * @throws Fault as `listNodes`
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
 * Addresses of the nodes of a `struct hlist_head`, or `hlist_nulls_head` whose end is an odd word.
 * @throws Fault at the first node that cannot be read, or whose `pprev` is not the way that led to it; nodes before it
 *   have been yielded
 */
export function* hlistNodes(kernel: Kernel, head: bigint): Generator<bigint> {
  const broken = yield* checkedNodes(kernel, head, (next) => next === 0n || (next & 1n) === 1n);
  if (broken) throw broken.fault;
}

/** Entries of a `struct hlist_head` or `hlist_nulls_head`. @throws Fault as `hlistNodes` */
export function* hlistEntries<T extends string>(
  kernel: Kernel,
  head: Obj<"struct hlist_head">,
  type: T,
  member: string,
): Generator<Obj<T>> {
  yield* entries(kernel, hlistNodes(kernel, head.address), type, member);
}

/**
 * Entries of a `struct llist_head` (include/linux/llist.h), the newest first: its nodes have no way back to check.
 * @param head `struct llist_head`
 * @param member the entry's `struct llist_node` member
 * @throws Fault at the first node that cannot be read, or that is met again; those before it have been yielded
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
