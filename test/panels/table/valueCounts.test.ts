import assert from "node:assert/strict";
import { test } from "node:test";
import { valueCounts } from "../../../src/panels/table/valueCounts.ts";
import type { GridColumn } from "../../../src/protocol/grid.ts";

const state: GridColumn = { name: "state", kind: "text" };
const size: GridColumn = { name: "size", kind: "number", unit: "bytes" };

test("the values of a column are counted, the most frequent first", () => {
  const rows = [
    [1, "IN"],
    [2, "ID"],
    [3, "ID"],
    [4, null],
  ];
  const { listed, others, rows: all } = valueCounts(rows, 1, state);
  assert.deepEqual(
    listed.map(({ text, rows: count }) => [text, count]),
    [
      ["ID", 2],
      ["IN", 1],
      ["", 1],
    ],
  );
  assert.deepEqual([others, all], [{ values: 0, rows: 0 }, 4]);
});

test("sizes that are shown alike are counted apart", () => {
  const near = 5 * 1024 ** 3;
  const { listed } = valueCounts([[near], [near + 1], [near]], 0, size);
  assert.deepEqual(
    listed.map(({ cell, rows }) => [cell, rows]),
    [
      [near, 2],
      [near + 1, 1],
    ],
  );
});

test("what is beyond the 50 most frequent values is counted together", () => {
  const rows = [...Array.from({ length: 60 }, (_, i) => [i]), [59], [59]];
  const { listed, others } = valueCounts(rows, 0, { name: "pid", kind: "number" });
  assert.equal(listed.length, 50);
  assert.deepEqual([listed[0]?.cell, listed[0]?.rows, others], [59, 3, { values: 10, rows: 10 }]);
});

test("faults are counted by their message", () => {
  const fault = (address: string) => ({ fault: true, address, message: "page excluded from dump" }) as never;
  const { listed } = valueCounts([[fault("0x10")], [fault("0x10")], [fault("0x20")]], 0, state);
  assert.deepEqual(
    listed.map(({ text, rows }) => [text, rows]),
    [
      ["<0x10: page excluded from dump>", 2],
      ["<0x20: page excluded from dump>", 1],
    ],
  );
});
