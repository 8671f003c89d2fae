/** Entries that were computed from the head of an empty list. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyListFinding } from "../../src/insight/emptyList.ts";
import { sentenceText } from "../../src/insight/finding.ts";
import { toyKernel } from "../builders/kernel.ts";

const HEAD = 0x8020n;
const types = `struct list_head { struct list_head *next, *prev; };
  struct boat { long id; void *captain; long tons; struct list_head link; };`;
const member = { struct: "struct boat", path: "captain", offset: 8 };

const found = (next: bigint, base = HEAD): string[] => {
  const kernel = toyKernel({ types, memory: [["struct list_head", HEAD, { next, prev: next }]] });
  return [...emptyListFinding(kernel, { pointer: HEAD - 24n, base, member, name: "boat" })].map(
    ({ certainty, text }) => `${certainty}: ${sentenceText(text)}`,
  );
};

test("an entry whose link is an empty head is likely not an entry", () => {
  const [text, ...more] = found(HEAD);
  assert.match(text ?? "", /^likely: boat = 0x8008 is not a struct boat, .*head of an empty list.*its link at 0x8020/);
  assert.equal(more.length, 0);
});

test("a link that points elsewhere, and a pointer that was not computed from its link, say nothing", () => {
  assert.deepEqual(found(0x9000n), []);
  assert.deepEqual(found(HEAD, HEAD - 24n), []);
});
