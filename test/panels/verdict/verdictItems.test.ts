import assert from "node:assert/strict";
import { test } from "node:test";
import {
  actOf,
  checkName,
  evidenceBeside,
  itemsOf,
  keyed,
  openQuestions,
} from "../../../src/panels/verdict/verdictItems.ts";
import type { VerdictEvidence, VerdictSentence } from "../../../src/protocol/verdict.ts";

const log: VerdictEvidence = {
  label: "log line",
  text: "log: BUG",
  link: { kind: "log", target: "4" },
  command: "log",
};
const frame: VerdictEvidence = {
  label: "frame f",
  text: "frame f",
  link: { kind: "frame", target: "0x1 0x2" },
  command: "bt",
};

const sentence = (id: string, evidence: readonly VerdictEvidence[], text = id): VerdictSentence => ({
  id,
  certainty: "certain",
  parts: [{ text }],
  evidence,
  chain: [],
  unknown: [],
});

const sections = [
  { id: "happened", title: "What happened", sentences: [sentence("crash.mechanism", [log, frame])] },
  { id: "where", title: "Where", sentences: [sentence("where.guilty", [frame])] },
];
const [first = "", second = ""] = itemsOf({ sections }, new Set()).map(({ key }) => key);

test("the arrow keys lead through all sections, and through the evidence of an unfolded sentence", () => {
  const unfolded = new Set([first]);
  const items = itemsOf({ sections }, unfolded);
  assert.equal(items.length, 4);
  const path = [first];
  for (let i = 1; i < items.length; i++) {
    const act = actOf("ArrowDown", path.at(-1) ?? "", items, unfolded);
    path.push(act?.kind === "move" ? act.key : "");
  }
  assert.deepEqual(
    path,
    items.map(({ key }) => key),
  );
  assert.deepEqual(actOf("End", first, items, unfolded), { kind: "move", key: second });
  assert.deepEqual(actOf("Home", second, items, unfolded), { kind: "move", key: first });
  assert.equal(actOf("ArrowUp", first, items, unfolded), undefined);
});

test("right unfolds and then enters the evidence; left leads back and folds", () => {
  const folded = itemsOf({ sections }, new Set());
  assert.deepEqual(actOf("ArrowRight", first, folded, new Set()), { kind: "unfold", key: first });
  const unfolded = new Set([first]);
  const items = itemsOf({ sections }, unfolded);
  const evidence = items[1]?.key ?? "";
  assert.deepEqual(actOf("ArrowRight", first, items, unfolded), { kind: "move", key: evidence });
  assert.deepEqual(actOf("ArrowLeft", evidence, items, unfolded), { kind: "move", key: first });
  assert.deepEqual(actOf("ArrowLeft", first, items, unfolded), { kind: "fold", key: first });
  assert.equal(actOf("ArrowLeft", second, items, unfolded), undefined);
});

test("Enter follows the evidence, and for a sentence its first evidence", () => {
  const unfolded = new Set([first]);
  const items = itemsOf({ sections }, unfolded);
  assert.deepEqual(actOf("Enter", first, items, unfolded), { kind: "follow", link: log.link });
  assert.deepEqual(actOf("Enter", items[2]?.key ?? "", items, unfolded), { kind: "follow", link: frame.link });
});

test("a sentence keeps its key while others appear before it, and equal sentences differ", () => {
  const [one, two, three] = keyed("waits", [sentence("a", []), sentence("b", []), sentence("b", [])]);
  const [later] = keyed("waits", [sentence("b", [])]);
  assert.equal(two?.key, later?.key);
  assert.equal(new Set([one?.key, two?.key, three?.key]).size, 3);
});

test("beside a folded sentence is only evidence that its own links do not lead to", () => {
  const linked = {
    ...sentence("x", [log, frame, frame]),
    parts: [{ text: "BUG", link: { kind: "log", target: "4" } }],
  } as const;
  assert.deepEqual(evidenceBeside(linked), [frame]);
});

test("open questions of sentences and of checks are listed once, with their reasons", () => {
  const asked = { ...sentence("x", []), unknown: [{ what: "file and line", because: "no DWARF" }] };
  const unchecked = [{ check: "stuck-cpu", because: "there is no clock" }];
  assert.deepEqual(openQuestions({ sections: [{ id: "where", title: "", sentences: [asked, asked] }], unchecked }), [
    { what: "file and line", because: "no DWARF" },
    { what: "the check “stuck CPU”", because: "there is no clock" },
  ]);
  assert.equal(checkName("rcu-stall"), "RCU stall");
});
