/** The elements of lists, trees and other containers. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { StructType } from "../../debuginfo/ctype.ts";
import type { Contained } from "../../linux/containers.ts";
import { hlistNodes, listNodes, memberOffset } from "../../kernel/list.ts";
import { idrEntries } from "../../kernel/idr.ts";
import { mapleEntries } from "../../kernel/mapleTree.ts";
import { rbtreeNodes } from "../../kernel/rbtree.ts";
import { xarrayEntries } from "../../kernel/xarray.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { type VariableEntry, kernelExpression } from "./unfolding.ts";

type Walk = (object: Obj, contained: Contained | undefined) => Generator<VariableEntry>;

/** Container structs by name, with the function that walks their elements. */
const walks: ReadonlyMap<string, Walk> = new Map<string, Walk>([
  ["list_head", (head, contained) => nodes(head, "struct list_head", listNodes(head.kernel, head.address), contained)],
  [
    "hlist_head",
    (head, contained) => nodes(head, "struct hlist_node", hlistNodes(head.kernel, head.address), contained),
  ],
  [
    "hlist_nulls_head",
    (head, contained) => nodes(head, "struct hlist_nulls_node", hlistNodes(head.kernel, head.address), contained),
  ],
  ["rb_root", (root, contained) => nodes(root, "struct rb_node", rbtreeNodes(root.kernel, root), contained)],
  ["rb_root_cached", (root, contained) => nodes(root, "struct rb_node", rbtreeNodes(root.kernel, root), contained)],
  ["xarray", xarrayWalk],
  ["radix_tree_root", xarrayWalk],
  ["idr", idrWalk],
  ["maple_tree", mapleWalk],
]);

export const isContainer = (type: StructType): boolean => type.name !== undefined && walks.has(type.name);

/** Number of elements per group. A list may have a million elements. */
const CHUNK = 100;

/** Returns the elements of a container. Those of a long one after the first group are children of a "more" entry. */
export function elementsOf(object: Obj, type: StructType, contained: Contained | undefined): Iterable<VariableEntry> {
  const walk = walks.get(type.name ?? "");
  return walk && object.storage.kind === "memory" ? chunk(walk(object, contained)) : [];
}

function* chunk(walk: Iterator<VariableEntry>): Generator<VariableEntry> {
  for (let i = 0; i < CHUNK; i++) {
    const next = walk.next();
    if (next.done) return;
    yield next.value;
  }
  let rest: VariableEntry[] | undefined;
  // The walk cannot start again at this point, so its results are kept.
  const named = (): Iterable<VariableEntry> => (rest ??= upToFault(chunk(walk)));
  yield { name: "more", value: "", unfolding: { named }, hint: { kind: "virtual" } };
}

function upToFault(entries: Iterable<VariableEntry>): VariableEntry[] {
  const list: VariableEntry[] = [];
  const fault = attempt(() => {
    for (const entry of entries) list.push(entry);
  });
  return fault instanceof Fault ? [...list, { name: "…", value: fault }] : list;
}

function* nodes(
  head: Obj,
  nodeType: string,
  addresses: Iterable<bigint>,
  contained: Contained | undefined,
): Generator<VariableEntry> {
  const { kernel } = head;
  const { type, offset } = elementType(kernel, contained) ?? { type: nodeType, offset: 0n };
  let i = 0;
  for (const address of addresses) yield element(`[${i++}]`, kernel.object(type, BigInt.asUintN(64, address - offset)));
}

/** Returns the type of the elements. Undefined if it is unknown or this kernel's struct has no such member. */
function elementType(kernel: Kernel, contained: Contained | undefined): { type: string; offset: bigint } | undefined {
  if (contained?.member === undefined) return undefined;
  const { type, member } = contained;
  const offset = attempt(() => memberOffset(kernel, type, member));
  return offset instanceof Fault ? undefined : { type, offset };
}

const element = (name: string, value: Obj): VariableEntry => ({
  name,
  value,
  expression: kernelExpression(value),
  address: value.address,
});

function* xarrayWalk(root: Obj, contained: Contained | undefined): Generator<VariableEntry> {
  for (const { index, entry } of xarrayEntries(root.kernel, root))
    yield pointerEntry(root.kernel, `[${index}]`, entry, contained);
}

function* idrWalk(idr: Obj, contained: Contained | undefined): Generator<VariableEntry> {
  for (const { index, entry } of idrEntries(idr.kernel, idr))
    yield pointerEntry(idr.kernel, `[${index}]`, entry, contained);
}

function* mapleWalk(tree: Obj, contained: Contained | undefined): Generator<VariableEntry> {
  for (const { first, last, entry } of mapleEntries(tree.kernel, tree)) {
    const range = first === last ? hex0x(first) : `${hex0x(first)}-${hex0x(last)}`;
    yield pointerEntry(tree.kernel, `[${range}]`, entry, contained);
  }
}

/** Returns an XArray entry: a number if its lowest bit is set (lib/xarray.c: xa_to_value), else a pointer. */
function pointerEntry(kernel: Kernel, name: string, entry: bigint, contained: Contained | undefined): VariableEntry {
  if ((entry & 1n) === 1n) return { name, value: `value ${entry >> 1n}` };
  if (contained && kernel.types.find("struct", contained.type.slice("struct ".length))) {
    return element(name, kernel.object(contained.type, entry));
  }
  return { name, value: hex0x(entry), address: entry };
}
