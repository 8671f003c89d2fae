import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { idrEntries, idrFind } from "../../src/kernel/idr.ts";
import { mapleEntries } from "../../src/kernel/mapleTree.ts";
import { rbtreeEntries, rbtreePlaces } from "../../src/kernel/rbtree.ts";
import { xarrayEntries, xarrayLoad } from "../../src/kernel/xarray.ts";
import { toyKernel, type ToyValue } from "../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

const faultOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return `${error.kind}: ${error.message}`;
    throw error;
  }
  return "";
};

const rbTypes = `
  struct rb_node { unsigned long __rb_parent_color; struct rb_node *rb_right; struct rb_node *rb_left; };
  struct rb_root { struct rb_node *rb_node; };
  struct item { int id; struct rb_node node; };
  struct rb_root root;`;
const NODE = 8n;

/** Items with their parent, left and right by page number; 0 is none. */
function rbtree(...items: readonly (readonly [page: number, parent: number, left: number, right: number])[]) {
  const link = (page: number): bigint => (page === 0 ? 0n : at(page) + NODE);
  return toyKernel({
    types: rbTypes,
    symbols: { root: BASE },
    memory: [
      ["root", { rb_node: link(items[0]?.[0] ?? 0) }],
      ...items.map(([page, parent, left, right]) => {
        const node = { __rb_parent_color: link(parent) | 1n, rb_left: link(left), rb_right: link(right) };
        return ["struct item", at(page), { id: page, node }] as const;
      }),
    ],
  });
}

const rbIds = (kernel: ReturnType<typeof rbtree>): number[] => {
  const ids: number[] = [];
  const done = faultOf(() => {
    for (const item of rbtreeEntries(kernel, kernel.variable("root"), "struct item", "node"))
      ids.push(item.at("id").number());
  });
  return done ? [...ids, -1] : ids;
};

test("a red-black tree gives its entries from left to right", () => {
  assert.deepEqual(
    rbIds(rbtree([4, 0, 2, 6], [2, 4, 1, 3], [6, 4, 5, 7], [1, 2, 0, 0], [3, 2, 0, 0], [5, 6, 0, 0], [7, 6, 0, 0])),
    [1, 2, 3, 4, 5, 6, 7],
  );
  assert.deepEqual(rbIds(rbtree()), []);
});

test("a node that is not its parent's child is not followed, so that a loop cannot be followed", () => {
  // 3 claims 2 as its left child, which is its own parent.
  assert.deepEqual(rbIds(rbtree([2, 0, 1, 3], [1, 2, 0, 0], [3, 2, 2, 0])), [1, 2, 3, -1]);
});

test("a node that is not in the dump takes nothing from the other branches of a red-black tree", () => {
  // 1, the first in order, is not there; nor is 7, the last.
  assert.deepEqual(
    rbIds(rbtree([4, 0, 2, 6], [2, 4, 1, 3], [6, 4, 5, 7], [3, 2, 0, 0], [5, 6, 0, 0])),
    [2, 3, 4, 5, 6, -1],
  );
});

test("so it is where each node stands before its children, and a first node that is missing is said", () => {
  const kernel = rbtree([4, 0, 2, 6], [2, 4, 1, 3], [6, 4, 5, 7], [3, 2, 0, 0], [5, 6, 0, 0]);
  const turns: string[] = [];
  const end = faultOf(() => {
    for (const place of rbtreePlaces(kernel, at(4) + NODE, false)) turns.push(place.turns);
  });
  assert.deepEqual(turns, ["", "l", "lr", "r", "rl"]);
  assert.match(end, /^excluded: page/);
  const lost = toyKernel({ types: rbTypes, symbols: { root: BASE }, memory: [["root", { rb_node: at(4) + NODE }]] });
  const entries = () => [...rbtreeEntries(lost, lost.variable("root"), "struct item", "node")];
  const places = () => [...rbtreePlaces(lost, at(4) + NODE, true)];
  for (const walk of [entries, places]) assert.match(faultOf(walk), /the first node of the tree cannot be read/);
});

const xaTypes = `
  struct xa_node { unsigned char shift; unsigned char offset; void *slots[64]; };
  struct xarray { unsigned int xa_flags; void *xa_head; };
  struct idr { struct xarray idr_rt; unsigned int idr_base; };
  struct xarray array;
  struct idr ids;`;
const node = (page: number): bigint => at(page) + 2n;
const slots = (filled: Record<number, bigint>): ToyValue => Array.from({ length: 64 }, (_, i) => filled[i] ?? 0n);

function xarray(
  head: bigint,
  nodes: readonly (readonly [page: number, shift: number, slots: Record<number, bigint>])[] = [],
) {
  return toyKernel({
    types: xaTypes,
    symbols: { array: BASE, ids: BASE + 0x100n },
    memory: [
      ["array", { xa_head: head }],
      ["ids", { idr_rt: { xa_head: head }, idr_base: 1 }],
      ...nodes.map(([page, shift, filled]) => ["struct xa_node", at(page), { shift, slots: slots(filled) }] as const),
    ],
  });
}

test("an xarray of one entry at index 0 has no node", () => {
  const kernel = xarray(0x1000n);
  assert.deepEqual([...xarrayEntries(kernel, kernel.variable("array"))], [{ index: 0n, entry: 0x1000n }]);
  assert.equal(xarrayLoad(kernel, kernel.variable("array"), 0n), 0x1000n);
  assert.equal(xarrayLoad(kernel, kernel.variable("array"), 1n), 0n);
});

const twoLevels = () =>
  xarray(node(1), [
    [1, 6, { 0: node(2), 2: node(3) }],
    [2, 0, { 5: 0xaaa0n, 63: 0xbbb0n }],
    [3, 0, { 1: 0xccc0n, 2: (1n << 2n) | 2n }],
  ]);

test("an xarray gives its entries by index, sibling slots left out", () => {
  const kernel = twoLevels();
  assert.deepEqual(
    [...xarrayEntries(kernel, kernel.variable("array"))].map(({ index, entry }) => [index, entry]),
    [
      [5n, 0xaaa0n],
      [63n, 0xbbb0n],
      [129n, 0xccc0n],
    ],
  );
});

test("an index is found directly, through a sibling slot too, and one past the end is not", () => {
  const kernel = twoLevels();
  const array = kernel.variable("array");
  const found = [5n, 6n, 129n, 130n, 4096n, 1n << 40n].map((index) => xarrayLoad(kernel, array, index));
  assert.deepEqual(found, [0xaaa0n, 0n, 0xccc0n, 0xccc0n, 0n, 0n]);
});

test("an xarray whose node leads back to itself ends with a fault", () => {
  const kernel = xarray(node(1), [[1, 6, { 0: node(1) }]]);
  assert.match(
    faultOf(() => [...xarrayEntries(kernel, kernel.variable("array"))]),
    /^corrupt: .*shift of the xarray node is not smaller/,
  );
  assert.match(
    faultOf(() => xarrayLoad(kernel, kernel.variable("array"), 0n)),
    /^corrupt: .*shift of the xarray node is not smaller/,
  );
});

test("a node that is not in the dump takes nothing from the other branches of an xarray", () => {
  const kernel = xarray(node(1), [
    [1, 6, { 0: node(2), 1: node(9), 2: node(3) }],
    [2, 0, { 5: 0xaaa0n }],
    [3, 0, { 1: 0xbbb0n }],
  ]);
  const found: bigint[] = [];
  const end = faultOf(() => {
    for (const { index } of xarrayEntries(kernel, kernel.variable("array"))) found.push(index);
  });
  assert.deepEqual(found, [5n, 129n]);
  assert.match(end, /^excluded: page/);
  const lost = xarray(node(9));
  const entries = () => [...xarrayEntries(lost, lost.variable("array"))];
  assert.match(faultOf(entries), /the first node of the tree cannot be read/);
});

test("branches that an xarray shares are damage, or else a small one would never end", () => {
  const shared = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [i, node(2)]));
  const kernel = xarray(node(1), [
    [1, 12, shared],
    [2, 6, Object.fromEntries(Array.from({ length: 64 }, (_, i) => [i, node(3)]))],
    [3, 0, { 0: 0xaaa0n }],
  ]);
  assert.match(
    faultOf(() => [...xarrayEntries(kernel, kernel.variable("array"))]),
    /^corrupt: .*twice/,
  );
});

test("a red-black tree whose children are one and the same is damaged", () => {
  assert.deepEqual(rbIds(rbtree([2, 0, 1, 1], [1, 2, 0, 0])), [1, 2, -1]);
});

test("radix trees of kernels before xarrays mark their nodes otherwise", () => {
  const kernel = toyKernel({
    types: `
      struct radix_tree_node { unsigned char shift; void *slots[64]; };
      struct radix_tree_root { unsigned int gfp_mask; struct radix_tree_node *rnode; };
      struct radix_tree_root array;`,
    symbols: { array: BASE },
    memory: [
      ["array", { rnode: at(1) + 1n }],
      ["struct radix_tree_node", at(1), { shift: 0, slots: slots({ 3: 0xddd0n }) }],
    ],
  });
  assert.deepEqual([...xarrayEntries(kernel, kernel.variable("array"))], [{ index: 3n, entry: 0xddd0n }]);
});

test("an idr counts from its base", () => {
  const kernel = twoLevels();
  const ids = kernel.variable("ids");
  assert.deepEqual(
    [...idrEntries(kernel, ids)].map(({ index }) => index),
    [6n, 64n, 130n],
  );
  assert.deepEqual(
    [0n, 6n, 7n].map((id) => idrFind(kernel, ids, id)),
    [0n, 0xaaa0n, 0n],
  );
});

const mapleTypes = `
  struct maple_range_64 { void *parent; unsigned long pivot[15]; void *slot[16]; };
  struct maple_arange_64 { void *parent; unsigned long pivot[9]; void *slot[10]; unsigned long gap[10]; };
  struct maple_node { union { struct { void *parent; void *slot[31]; }; struct maple_range_64 mr64; struct maple_arange_64 ma64; }; };
  struct maple_tree { unsigned int ma_flags; void *ma_root; };
  struct maple_tree tree;`;
const LEAF = 1n;
const ARANGE = 3n;
const MAX = (1n << 64n) - 1n;
// lib/maple_tree.c: mt_mk_node(), and mte_mk_root() for the root's own pointer.
const maple = (page: number, type: bigint): bigint => at(page) | (type << 3n) | 4n;
const mapleRoot = (page: number, type: bigint): bigint => maple(page, type) | 2n;

const mapleKernel = (root: bigint, nodes: readonly (readonly [page: number, value: ToyValue])[] = []) =>
  toyKernel({
    types: mapleTypes,
    symbols: { tree: BASE },
    memory: [
      ["tree", { ma_root: root }],
      ...nodes.map(([page, value]) => ["struct maple_node", at(page), value] as const),
    ],
  });

const mapleOf = (kernel: ReturnType<typeof mapleKernel>) =>
  [...mapleEntries(kernel, kernel.variable("tree"))].map(({ first, last, entry }) => [first, last, entry]);

test("a maple tree of one leaf gives ranges, gaps left out", () => {
  const kernel = mapleKernel(mapleRoot(1, LEAF), [
    [1, { mr64: { pivot: [0xfffn, 0x1fffn, 0x2fffn], slot: [0n, 0xaa0n, 0n, 0xbb0n] } }],
  ]);
  assert.deepEqual(mapleOf(kernel), [
    [0x1000n, 0x1fffn, 0xaa0n],
    [0x3000n, MAX, 0xbb0n],
  ]);
});

test("a maple tree of two levels bounds each leaf by its parent's pivots", () => {
  const kernel = mapleKernel(mapleRoot(1, ARANGE), [
    [1, { ma64: { pivot: [0x1fffn], slot: [maple(2, LEAF), maple(3, LEAF)] } }],
    [2, { mr64: { pivot: [0xfffn], slot: [0xaa0n, 0xbb0n] } }],
    [3, { mr64: { pivot: [0x2fffn], slot: [0xcc0n] } }],
  ]);
  assert.deepEqual(mapleOf(kernel), [
    [0n, 0xfffn, 0xaa0n],
    [0x1000n, 0x1fffn, 0xbb0n],
    [0x2000n, 0x2fffn, 0xcc0n],
  ]);
});

test("a node that is not in the dump takes nothing from the other branches of a maple tree", () => {
  const kernel = mapleKernel(mapleRoot(1, ARANGE), [
    [1, { ma64: { pivot: [0x1fffn, 0x2fffn], slot: [maple(2, LEAF), maple(9, LEAF), maple(3, LEAF)] } }],
    [2, { mr64: { pivot: [0xfffn], slot: [0xaa0n] } }],
    [3, { mr64: { pivot: [0x3fffn], slot: [0xcc0n] } }],
  ]);
  const found: bigint[] = [];
  const end = faultOf(() => {
    for (const { entry } of mapleEntries(kernel, kernel.variable("tree"))) found.push(entry);
  });
  assert.deepEqual(found, [0xaa0n, 0xcc0n]);
  assert.match(end, /^excluded: page/);
  assert.match(
    faultOf(() => mapleOf(mapleKernel(mapleRoot(9, ARANGE)))),
    /the first node of the tree cannot be read/,
  );
});

test("a maple tree with a single entry, or none, has no node", () => {
  assert.deepEqual(mapleOf(mapleKernel(0xaa0n)), [[0n, 0n, 0xaa0n]]);
  assert.deepEqual(mapleOf(mapleKernel(0n)), []);
});

test("a maple tree that leads back to itself ends with a fault", () => {
  const kernel = mapleKernel(mapleRoot(1, ARANGE), [[1, { ma64: { pivot: [0n], slot: [maple(1, ARANGE)] } }]]);
  assert.match(
    faultOf(() => mapleOf(kernel)),
    /^corrupt: the maple/,
  );
});
