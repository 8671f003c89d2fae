import assert from "node:assert/strict";
import { test } from "node:test";
import { groupLines, groupsOf, triagePage } from "../../../src/crash/triage/groups.ts";
import { recordKey, type TriageRecord } from "../../../src/crash/triage/triageRecord.ts";
import { htmlOf } from "../../../src/crash/report/html.ts";

const DAY = 86_400;
const START = Date.UTC(2026, 0, 1) / 1000;

function dump(day: number, group: string, changes: Partial<TriageRecord> = {}): TriageRecord {
  const record = {
    path: `/dumps/${day}/vmcore`,
    size: 1000,
    level: "quick",
    buildId: "ab12",
    cpu: 1,
    time: START + day * DAY,
    group,
    title: `BUG in ${group}`,
    kind: "null-pointer",
    host: `host${day % 3}`,
    release: day < 5 ? "6.1.0" : "6.12.0",
    ...changes,
  } as const;
  return { ...record, key: recordKey(record) };
}

const records = [
  ...[9, 1, 4, 7].map((day) => dump(day, "fs")),
  dump(2, "net", { title: "BUG | in <net>" }),
  { key: "/cut:9", path: "/cut", size: 9, level: "none", failed: "cut off" } as const,
];

test("dumps of one bug are a group with its first and last crash, and its spread over hosts and releases", () => {
  const [first] = groupsOf(records);
  assert.equal(first?.key, "fs");
  assert.deepEqual([first.first, first.last], [START + DAY, START + 9 * DAY]);
  assert.deepEqual([...first.hosts], [["host1", 3], ["host0", 1]]); // prettier-ignore
  assert.deepEqual([...first.releases], [["6.12.0", 2], ["6.1.0", 2]]); // prettier-ignore
});

test("groups are a table with the largest group first, and dumps that could not be opened are a group", () => {
  const lines = groupLines(groupsOf(records));
  assert.match(lines[1]!, /^4 +2026-01-02 00:00 +2026-01-10 00:00 +2 +2 +null-pointer +BUG in fs$/);
  assert.match(lines.join("\n"), /^1 +- +- .*the dump could not be opened$/m);
});

test("the page is complete in itself and shows text of dumps as text", () => {
  const page = htmlOf(triagePage(groupsOf(records)));
  assert.match(page, /<h1>Triage of 6 dumps in 3 groups<\/h1>/);
  assert.match(page, /cut off/);
  assert.doesNotMatch(page, /<net>|<script|src="|href="http/);
});

test("the key of a record is the same when the dump has moved, unless it cannot be opened", () => {
  const moved = { ...records[0]!, path: "/elsewhere" };
  assert.equal(recordKey(moved), records[0]!.key);
  assert.notEqual(recordKey({ ...records[5]!, path: "/elsewhere" }), records[5]!.key);
});

test("an erased or unknown host is not counted, and the verdict of a dump that was read fully is below its group", () => {
  const verdict = "a NULL pointer was read";
  const lines = groupLines(groupsOf([dump(1, "fs", { host: "" }), dump(2, "fs", { verdict }), dump(3, "net", { host: undefined })])); // prettier-ignore
  assert.match(lines[1] ?? "", /^2 +2026-01-02 00:00 +2026-01-03 00:00 +1 /);
  assert.equal(lines[2], `    ${verdict}`);
  assert.match(lines[3] ?? "", /^1 .* {2}- +1 +null-pointer/);
});
