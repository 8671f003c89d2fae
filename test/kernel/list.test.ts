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
  struct llist_node { struct llist_node *next; };
  struct llist_head { struct llist_node *first; };
  struct item { int id; struct list_head link; struct hlist_node hash; struct llist_node node; };
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
  assert.match(fault ?? "", /^corrupt: list is damaged here/);
});

test("entries before a page that is not in the dump are kept", () => {
  const kernel = list([A, 1, B + LINK]);
  const { ids, fault } = walked(listEntries(kernel, kernel.variable("head"), "struct item", "link"));
  assert.deepEqual(ids, [1]);
  assert.match(fault ?? "", /^excluded/);
});

const D = HEAD + 0x4000n;
const walkOf = (kernel: ReturnType<typeof list>): ReturnType<typeof walked> =>
  walked(listEntries(kernel, kernel.variable("head"), "struct item", "link"));
const whole = (): ReturnType<typeof list> => list([A, 1, B + LINK], [B, 2, C + LINK], [C, 3, D + LINK], [D, 4, HEAD]);

test("a link that skips entries is damage, and what it skips is found from the other end", () => {
  const kernel = whole();
  kernel.memory.poke(A + LINK, word(D + LINK));
  const { ids, fault } = walkOf(kernel);
  assert.deepEqual(ids, [1, 2, 3, 4]);
  assert.match(
    fault ?? "",
    /^corrupt: list is damaged here: the next node is 0xffff888000004008, whose previous node is 0xffff888000003008/,
  );
});

test("a list that comes to its head from the wrong entry is damaged", () => {
  const kernel = whole();
  kernel.memory.poke(A + LINK, word(HEAD));
  assert.deepEqual(walkOf(kernel).ids, [1, 2, 3, 4]);
  assert.match(
    walkOf(kernel).fault ?? "",
    /^corrupt: list is damaged here: the next node is 0xffff888000000000, whose previous /,
  );
});

test("of a list that is damaged in two places the entries in front of the first and behind the last are given", () => {
  const kernel = whole();
  kernel.memory.poke(A + LINK, word(0x1234n));
  kernel.memory.poke(C + LINK, word(0x1234n));
  assert.deepEqual(walkOf(kernel).ids, [1, 4]);
  assert.match(walkOf(kernel).fault ?? "", /^excluded/);
});

test("a link that leads into another list ends there", () => {
  const kernel = whole();
  const other = { head: HEAD + 0x8000n, item: HEAD + 0x9000n };
  kernel.put("struct list_head", other.head, { next: other.item + LINK });
  kernel.put("struct item", other.item, { id: 9, link: { next: other.head } });
  kernel.memory.poke(B + LINK, word(other.item + LINK));
  assert.deepEqual(walkOf(kernel).ids, [1, 2, 3, 4]);
  assert.match(walkOf(kernel).fault ?? "", /^corrupt/);
});

test("an entry that was just being inserted or removed is no damage", () => {
  const kernel = whole();
  // C names A as the one before it already, or still; B lies between.
  kernel.memory.poke(C + LINK + 8n, word(A + LINK));
  assert.deepEqual(walkOf(kernel), { ids: [1, 2, 3, 4], fault: undefined });
});

test("a hash list whose entry does not name the way to it is damaged", () => {
  const kernel = hashed(0n);
  kernel.memory.poke(B + HASH + 8n, word(HEAD + 0x20n));
  assert.deepEqual(walked(hlistEntries(kernel, kernel.variable("bucket"), "struct item", "hash")), {
    ids: [7],
    fault: "corrupt: list is damaged here: the next node is 0xffff888000002018, whose previous node is 0xffff888000000020", // prettier-ignore
  });
});

const word = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
};

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

test("a list without a way back is walked until it comes to a node it was at", () => {
  const NODE = 40n;
  const items = [0x1000n, 0x2000n, 0x3000n].map((offset) => HEAD + offset);
  const walk = (last: bigint): ReturnType<typeof walked> => {
    const kernel = toyKernel({
      types,
      memory: [
        ["struct llist_head", HEAD, { first: items[0]! + NODE }],
        ...items.map((item, i) => {
          const next = items[i + 1];
          return ["struct item", item, { id: i, node: { next: next === undefined ? last : next + NODE } }] as const;
        }),
      ],
    });
    return walked(llistEntries(kernel, kernel.object("struct llist_head", HEAD), "struct item", "node"));
  };
  assert.deepEqual(walk(0n), { ids: [0, 1, 2], fault: undefined });
  assert.deepEqual(walk(items[1]! + NODE), { ids: [0, 1, 2], fault: "corrupt: the chain contains this object twice" });
});
