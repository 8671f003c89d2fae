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

test("of two findings with the same statement the more certain one is kept", () => {
  const possible = finding("wait.owner", { certainty: "possible", slots: { pid: 7 } });
  const certain = finding("wait.owner", { slots: { pid: 7, resource: 1n } });
  assert.deepEqual(combined([possible, certain]), [certain]);
});

test("findings about different objects are both kept", () => {
  const one = finding("wait.owner", { slots: { pid: 7 } });
  const other = finding("wait.owner", { slots: { pid: 8 } });
  assert.deepEqual(combined([one, other]), [one, other]);
});

test("causes come first, then suspects", () => {
  const ids = combined([
    finding("note", {}),
    finding("suspect", { severity: "suspect" }),
    finding("cause", { severity: "cause" }),
  ]).map(({ id }) => id);
  assert.deepEqual(ids, ["cause", "suspect", "note"]);
});
