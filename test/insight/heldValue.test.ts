import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sentenceText } from "../../src/insight/finding.ts";
import { heldFindings } from "../../src/insight/heldValue.ts";
import { openSession } from "../../src/session/open/open.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());
const { kernel } = session;

/** An allocated object of kmalloc-64 of the sample, and the free one behind it. */
const ALLOCATED = 0xffff8ef6849a93c0n;
const FREE = ALLOCATED + 0x40n;
const found = (object: bigint, address: bigint): readonly string[] =>
  [
    ...heldFindings(kernel, {
      value: 5n,
      address,
      object,
      name: "p",
      type: undefined,
      member: undefined,
      expression: undefined,
    }),
  ].map(({ certainty, text }) => `${certainty}: ${sentenceText(text)}`);

test("an object that was freed is certainly used after that", () => {
  assert.deepEqual(found(FREE, FREE + 8n), [
    "certain: The value 0x5 was read from an object of kmalloc-64 that is free: p = ffff8ef6849a9400 was used after it was freed.",
  ]);
});

test("a pointer to another object is not said to be of a freed one", () => {
  const [text = "", ...more] = found(ALLOCATED, FREE + 8n);
  assert.match(
    text,
    /^likely: .* p = ffff8ef6849a93c0 is outside of that object, which begins at ffff8ef6849a9400: the code read beyond /,
  );
  assert.deepEqual(more, []);
});
