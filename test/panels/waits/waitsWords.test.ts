/** Words for how certain a holder or a deadlock is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HEADINGS, HOLDS, relation } from "../../../src/panels/waits/waitsWords.ts";
import type { ResourceNode } from "../../../src/panels/waits/waitsModel.ts";
import type { VerdictCertainty as Certainty } from "../../../src/protocol/verdict.ts";

const held = (certainty: Certainty, isLock = true): ResourceNode => ({
  kind: "resource",
  key: "spinlock 0xf",
  name: "spinlock quay_lock",
  state: "",
  address: "0xf",
  holders: [{ task: "0x5", certainty, how: "" }],
  isLock,
  inCycle: true,
});

test("a likely holder is called likely, and not possible", () => {
  assert.equal(relation(held("likely"), "0x5"), "likely held by");
  assert.equal(relation(held("possible"), "0x5"), "possibly held by");
  assert.equal(relation(held("certain"), "0x5"), "held by");
  assert.equal(relation(held("likely", false), "0x5"), "which likely depends on");
  assert.equal(HOLDS.lock.likely, "likely holds it");
});

test("the heading of a cycle names its certainty", () => {
  assert.match(HEADINGS.certain, /^Deadlock/);
  assert.match(HEADINGS.likely, /^Likely deadlock/);
  assert.match(HEADINGS.possible, /^Possible deadlock/);
});
