import assert from "node:assert/strict";
import { test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { groupsOf } from "../../../src/crash/triage/groups.ts";
import { kernelFacts } from "../../../src/crash/triage/record.ts";
import { toyKernel } from "../../builders/kernel.ts";

test("the facts of a dump whose tasks cannot be read say so, and have no counts of waits", () => {
  const facts = toEnd(kernelFacts(toyKernel(), true));
  assert.equal(facts.waits, undefined);
  assert.match(facts.unread.join("\n"), /^waits: /m);
});

test("dumps whose crash is not known are a group without the name of a bug", () => {
  const record = { key: "1", path: "/a", size: 1, level: "quick", title: "unknown", group: "" } as const;
  assert.deepEqual(
    groupsOf([
      record,
      { ...record, key: "2", kind: "unknown", group: "none" },
      { ...record, key: "3", kind: "null-pointer", group: "fs" },
    ]).map(({ key, records }) => [key, records.length]),
    [
      ["(unknown)", 2],
      ["fs", 1],
    ],
  );
});
