import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { hlistEntries, listEntries, llistEntries } from "../../src/kernel/list.ts";
import type { Obj } from "../../src/model/object.ts";
import { toyKernel } from "../builders/kernel.ts";

const types = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct hlist_node { struct hlist_node *next; struct hlist_node **pprev; };
  struct hlist_head { struct hlist_node *first; };
  struct item { int id; struct list_head link; struct hlist_node hash; };
  struct list_head head;
  struct hlist_head bucket;`;
const HEAD = 0xffff_8880_0000_0000n;
const LINK = 8n;
const HASH = 24n;

function list(...links: readonly (readonly [item: bigint, id: number, next: bigint])[]) {
  const first = links[0]?.[0];
  return toyKernel({
    types,
    symbols: { head: HEAD, bucket: HEAD },
    memory: [
      ["struct list_head", HEAD, { next: first === undefined ? HEAD : first + LINK }],
      ...links.map(([item, id, next]) => ["struct item", item, { id, link: { next } }] as const),
    ],
  });
}

/** What a walk gave before it ended, and why it ended. */
function walked(entries: Iterable<Obj>): { ids: number[]; fault: string | undefined } {
  const ids: number[] = [];
  try {
    for (const entry of entries) ids.push(entry.at("id").number());
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ids, fault: `${error.kind}: ${error.message}` };
  }
  return { ids, fault: undefined };
}

const A = HEAD + 0x1000n;
const B = HEAD + 0x2000n;
const C = HEAD + 0x3000n;

test("a list gives its entries in order", () => {
  const kernel = list([A, 1, B + LINK], [B, 2, HEAD]);
  assert.deepEqual(walked(listEntries(kernel, kernel.variable("head"), "struct item", "link")).ids, [1, 2]);
});

test("an empty list gives nothing", () => {
  const kernel = list();
  assert.deepEqual(walked(listEntries(kernel, kernel.variable("head"), "struct item", "link")), {
    ids: [],
    fault: undefined,
  });
});

test("a list that loops past its head ends with a fault and not at all later", () => {
  const kernel = list([A, 1, B + LINK], [B, 2, C + LINK], [C, 3, B + LINK]);
  const { ids, fault } = walked(listEntries(kernel, kernel.variable("head"), "struct item", "link"));
  assert.deepEqual(ids.slice(0, 3), [1, 2, 3]);
  assert.ok(ids.length < 10);
  assert.match(fault ?? "", /^corrupt: list loops/);
});

test("entries before a page that is not in the dump are kept", () => {
  const kernel = list([A, 1, B + LINK]);
  const { ids, fault } = walked(listEntries(kernel, kernel.variable("head"), "struct item", "link"));
  assert.deepEqual(ids, [1]);
  assert.match(fault ?? "", /^excluded/);
});

test("a list that ends in NULL is damaged", () => {
  const kernel = list([A, 1, 0n]);
  assert.match(
    walked(listEntries(kernel, kernel.variable("head"), "struct item", "link")).fault ?? "",
    /^corrupt: .*NULL/,
  );
});

function hashed(end: bigint) {
  return toyKernel({
    types,
    symbols: { bucket: HEAD },
    memory: [
      ["struct hlist_head", HEAD, { first: A + HASH }],
      ["struct item", A, { id: 7, hash: { next: B + HASH } }],
      ["struct item", B, { id: 8, hash: { next: end } }],
    ],
  });
}

test("a hash list ends at NULL, and at an odd word where nulls mark the end", () => {
  for (const end of [0n, 1n, 0x55n]) {
    const kernel = hashed(end);
    assert.deepEqual(walked(hlistEntries(kernel, kernel.variable("bucket"), "struct item", "hash")), {
      ids: [7, 8],
      fault: undefined,
    });
  }
});

test("a lockless list ends at NULL", () => {
  const kernel = hashed(0n);
  assert.deepEqual(walked(llistEntries(kernel, kernel.variable("bucket"), "struct item", "hash")).ids, [7, 8]);
});
