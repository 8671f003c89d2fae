import assert from "node:assert/strict";
import { test } from "node:test";
import { columnTracks } from "../../../src/panels/table/tableColumns.ts";

const COLUMNS = [
  { name: "size", kind: "number" },
  { name: "path", kind: "text" },
  { name: "caller", kind: "symbol" },
] as const;
const of = (widths: readonly number[], more: { wide?: number; isWhole?: boolean; wraps?: boolean } = {}) =>
  columnTracks(widths, { columns: COLUMNS, wide: undefined, isWhole: false, wraps: false, ...more });

test("a long text shrinks to 24 characters before the table is wider than the page, a number never", () => {
  const { template, all } = of([30, 40, 10]);
  assert.equal(template, "calc(30ch + 22px) minmax(calc(24ch + 22px), calc(40ch + 22px)) calc(10ch + 22px)");
  assert.equal(all, "calc(64ch + 66px)");
});

test("the wide column has the remaining width, and shrinks to 28 characters unless it is never cut", () => {
  assert.match(of([8, 8, 90], { wide: 2 }).template, /minmax\(calc\(28ch \+ 22px\), 1fr\)$/);
  const { template, all } = of([8, 8, 90], { wide: 2, isWhole: true });
  assert.match(template, /minmax\(calc\(90ch \+ 22px\), 1fr\)$/);
  assert.equal(all, "calc(106ch + 66px)");
});

test("wrapped texts shrink further", () => {
  assert.match(
    of([8, 40, 90], { wide: 2, wraps: true }).template,
    /minmax\(calc\(12ch \+ 22px\), calc\(40ch \+ 22px\)\)/,
  );
});
