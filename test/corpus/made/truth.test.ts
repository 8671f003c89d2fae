import assert from "node:assert/strict";
import { test } from "node:test";
import { disagreements, type Facts, type Finding, type Lists } from "./truth.ts";

const facts: Facts = {
  address: (expression) => (expression === "[recent]" ? 0xffff_8880_0000_1000n : 0n),
  pids: (comm) => (comm === "kworker" ? [7, 9] : []),
  line: () => 12,
};
const finding = (slots: Finding["slots"], certainty: Finding["certainty"] = "certain"): Finding => ({
  id: "object.state",
  certainty,
  slots,
});
const wrong = (findings: readonly Finding[], lists: Lists): string[] =>
  disagreements(findings, [lists], facts).map((line) => line.split(" ")[0]!);
const slots = { address: "=[recent]", line: "#a.c:x", pid: "@kworker", state: "~^free" };
const said = finding({ address: "0xffff888000001000", line: 12, pid: 9, state: "free" });

test("an expected finding that is reported agrees, whatever placeholders its values have", () => {
  assert.deepEqual(wrong([said], { must: [{ id: "object.state", slots }] }), []);
});

test("a finding that is missing, less certain, or has an unchecked slot is a disagreement", () => {
  const must = [{ id: "object.state", slots }];
  assert.deepEqual(wrong([], { must }), ["MISSING"]);
  assert.deepEqual(wrong([{ ...said, certainty: "likely" }], { must }), ["CERTAINTY"]);
  assert.deepEqual(wrong([{ ...said, slots: { ...said.slots, cache: "route" } }], { must }), ["UNLOOKED"]);
  assert.deepEqual(wrong([{ ...said, slots: { ...said.slots, pid: 8 } }], { must }), ["MISSING", "UNLOOKED"]);
});

test("a finding that is in no list is unchecked, and a forbidden finding is false", () => {
  assert.deepEqual(wrong([said], {}), ["UNLOOKED"]);
  assert.deepEqual(wrong([said], { may: [{ id: "object.state", slots }] }), []);
  assert.deepEqual(wrong([said], { may: [{ id: "object.state", certainty: "possible", slots }] }), ["UNLOOKED"]);
  assert.deepEqual(wrong([said], { mustNot: [{ id: "object.state", slots: { state: "free" } }] }), ["FALSE"]);
});

test("a cycle may begin at any of its places and has its order", () => {
  const cycle = (...pids: number[]): Finding => ({ id: "wait.cycle", certainty: "certain", slots: { pids } });
  const must = [{ id: "wait.cycle", slots: { pids: [1, 2, 3] } }];
  assert.deepEqual(wrong([cycle(2, 3, 1)], { must }), []);
  assert.deepEqual(wrong([cycle(3, 2, 1)], { must }), ["MISSING", "UNLOOKED"]);
});
