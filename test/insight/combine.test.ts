import assert from "node:assert/strict";
import { test } from "node:test";
import { combined } from "../../src/insight/combine.ts";
import type { Finding } from "../../src/insight/finding.ts";

const finding = (id: string, more: Partial<Finding>): Finding => ({
  id,
  severity: "note",
  certainty: "certain",
  slots: {},
  text: [id],
  evidence: [{ kind: "module", name: "m" }],
  ...more,
});

test("of two findings that say the same the more certain one stays", () => {
  const possible = finding("wait.owner", { certainty: "possible", slots: { pid: 7 } });
  const certain = finding("wait.owner", { slots: { pid: 7, resource: 1n } });
  assert.deepEqual(combined([possible, certain]), [certain]);
});

test("findings of different things stay both", () => {
  const one = finding("wait.owner", { slots: { pid: 7 } });
  const other = finding("wait.owner", { slots: { pid: 8 } });
  assert.deepEqual(combined([one, other]), [one, other]);
});

test("causes come first, suspects next", () => {
  const ids = combined([
    finding("note", {}),
    finding("suspect", { severity: "suspect" }),
    finding("cause", { severity: "cause" }),
  ]).map(({ id }) => id);
  assert.deepEqual(ids, ["cause", "suspect", "note"]);
});
