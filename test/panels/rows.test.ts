import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cellText,
  columnHeading,
  filterOf,
  filterWith,
  keyHeading,
  markdownTable,
  nextOrder,
  type GridRow,
  shownText,
  sorted,
  tableFor,
  tabSeparated,
  widths,
  wrapping,
} from "../../src/panels/rows.ts";
import { rawText } from "../../src/panels/units.ts";
import type { GridColumn } from "../../src/protocol/grid.ts";

const columns: readonly GridColumn[] = [
  { name: "pid", kind: "number" },
  { name: "comm", kind: "text" },
  { name: "state", kind: "text" },
];
const rows: readonly GridRow[] = [
  [10, "kworker/0:1", "ID"],
  [2, "kthreadd", "IN"],
  [1, "init", "UN"],
];
const filtered = (text: string) => rows.filter(filterOf(text, columns) ?? (() => false)).map(([pid]) => pid);
const order = (cells: GridRow, kind: GridColumn["kind"], descending = false) =>
  sorted(
    cells.map((cell) => [cell]),
    { column: 0, descending },
    kind,
  ).map(([cell]) => cell);

test("numbers sort as numbers, text without regard to case", () => {
  assert.deepEqual(order([10, 9, 100], "number"), [9, 10, 100]);
  assert.deepEqual(order(["b", "A", "c"], "text"), ["A", "b", "c"]);
});

test("addresses that differ beyond the precision of a double are sorted correctly", () => {
  const addresses = ["0xffff888000000002", "0xffff888000000001", "0xffff888000000003", "0x0"];
  assert.deepEqual(order(addresses, "address"), [
    "0x0",
    "0xffff888000000001",
    "0xffff888000000002",
    "0xffff888000000003",
  ]);
});

test("faults and missing values are last in both directions", () => {
  const fault = { fault: "excluded", address: null, message: "page excluded from dump" };
  assert.deepEqual(order([fault, 1, null, 2], "number"), [1, 2, fault, null]);
  assert.deepEqual(order([fault, 1, null, 2], "number", true), [2, 1, fault, null]);
});

test("rows of the same value keep the kernel's order", () => {
  const sortedRows = sorted(rows, { column: 2, descending: false }, "text");
  assert.deepEqual(
    sorted(
      sortedRows.map(([pid, comm]) => [pid!, comm!, "same"]),
      { column: 2, descending: true },
      "text",
    ).map(([pid]) => pid),
    sortedRows.map(([pid]) => pid),
  );
});

test("a filter wants all of its words, anywhere in a row", () => {
  assert.deepEqual(filtered(""), [10, 2, 1]);
  assert.deepEqual(filtered("k"), [10, 2]);
  assert.deepEqual(filtered("K worker"), [10]);
});

test("name:value searches one column, and is text if no column has the name", () => {
  assert.deepEqual(filtered("state:un"), [1]);
  assert.deepEqual(filtered("pid:1"), [1]);
  assert.deepEqual(filtered("0:1"), [10]);
});

test("a regular expression between slashes may contain spaces; an invalid one does not filter", () => {
  assert.deepEqual(filtered("/^k(thr|x y)/"), [2]);
  assert.equal(filterOf("/(/", columns), undefined);
});

test("a column of the command's data is read as words", () => {
  assert.equal(keyHeading("superBlock"), "Super block");
  assert.equal(keyHeading("ppid"), "PPID");
  assert.equal(keyHeading("files.type"), "Files type");
});

test("a cell shows its value", () => {
  assert.deepEqual([null, true, 1.8337, 5, "x", { fault: "excluded", address: null, message: "gone" }].map(cellText), [
    "",
    "yes",
    "1.834",
    "5",
    "x",
    "<gone>",
  ]);
});

test("copied rows have the data's names and no stray tabs", () => {
  assert.equal(tabSeparated(columns, [[1, "a\tb\nc", null]]), "pid\tcomm\tstate\n1\ta b c\t\n");
});

test("a column is as wide as its widest cell, within reason", () => {
  assert.deepEqual(widths(columns, [[1, "x".repeat(500), "RU"]]), [5, 48, 7]);
});

const CACHES = {
  columns: [
    { name: "cache", kind: "address" },
    { name: "name", kind: "text" },
    { name: "flags", kind: "text" },
    { name: "slabBytes", kind: "number", unit: "bytes" },
  ],
  rows: [
    ["0xffff888003c41a00", "dentry", null, 4096],
    ["0xffff888003c41b00", "inode", "", { fault: "excluded", address: null, message: "page excluded from dump" }],
  ],
} as const;

test("a page has the important columns first, leaves out empty ones, and keeps the order of the others", () => {
  const { columns, rows } = tableFor(CACHES, { lead: ["name", "slabBytes", "absent"] });
  assert.deepEqual(
    columns.map(({ name }) => name),
    ["name", "slabBytes", "cache"],
  );
  assert.deepEqual(rows[1], [
    "inode",
    { fault: "excluded", address: null, message: "page excluded from dump" },
    "0xffff888003c41b00",
  ]);
  assert.deepEqual(
    tableFor(CACHES, {}).columns.map(({ name }) => name),
    ["cache", "name", "slabBytes"],
  );
});

test("numbers are shown in the unit of their column and copied as they are", () => {
  const { columns, rows } = tableFor(CACHES, { lead: ["slabBytes"] });
  assert.equal(shownText(rows[0]?.[0] ?? null, columns[0] ?? {}), "4.0 KiB");
  assert.match(tabSeparated(columns, rows), /^slabBytes\tcache\tname\n4096\t/);
  assert.equal(shownText(416, { unit: "octal" }), "0640");
  assert.equal(shownText(1536, { unit: "hex" }), "0x0600");
  assert.equal(shownText(0.0105, { unit: "seconds" }), "0.011 s");
  assert.equal(shownText(1800, { unit: "kibibytes" }), "1.8 MiB");
  assert.equal(columnHeading({ name: "timeToExpire", kind: "number", unit: "jiffies" }), "Time to expire (jiffies)");
});

test("a fault does not widen a column", () => {
  const columns = [{ name: "function", kind: "symbol" }] as const;
  const long = "the task has exited and its stack was freed";
  assert.deepEqual(widths(columns, [[{ fault: "unknown", address: null, message: long }]]), [20]);
});

test("a search finds a Rust symbol by its demangled and by its mangled name", () => {
  const row: GridRow = [1, "_RNvNtCshc5sK6KjdJJ_6kernel5print11call_printk+0x10", "IN"];
  for (const text of ["kernel::print", "11call_printk", "/print::call/"])
    assert.equal(filterOf(text, columns)?.(row), true, text);
});

test("the column that a page wraps has the remaining width; a page that wraps none, or lacks it, cuts its texts", () => {
  const columns: GridColumn[] = [
    { name: "check", kind: "text" },
    { name: "finding", kind: "text" },
  ];
  assert.deepEqual(wrapping(columns, { wraps: "finding" }), { wide: 1, wraps: true });
  assert.deepEqual(wrapping(columns, {}), {});
  assert.deepEqual(wrapping(columns, { wraps: "other" }), {});
});

test("a page that wraps a column shows only the columns that it names", () => {
  const table = {
    columns: ["check", "finding", "id"].map((name): GridColumn => ({ name, kind: "text" })),
    rows: [["load", "a sentence", "health.load"]],
  };
  const names = (panel: Parameters<typeof tableFor>[1]): string[] =>
    tableFor(table, panel).columns.map(({ name }) => name);
  assert.deepEqual(names({ lead: ["finding", "check"], wraps: "finding" }), ["finding", "check"]);
  assert.deepEqual(names({ lead: ["finding", "check"] }), ["finding", "check", "id"]);
});

test("times in nanoseconds are shown with microseconds, by which events differ", () => {
  const time: GridColumn = { name: "time_ns", kind: "number", unit: "nanoseconds" };
  assert.equal(shownText(111_725_022_400, time), "111.725022 s");
  assert.equal(shownText(111_725_024_900, time), "111.725025 s");
  assert.equal(shownText("9007199254740993000", time), "9007199254.740993 s");
});

test("a click on a heading sorts ascending, sizes the largest first; the third click restores the kernel's order", () => {
  const clicks = (column: GridColumn): (boolean | undefined)[] => {
    const first = nextOrder(undefined, 0, column);
    const second = nextOrder(first, 0, column);
    return [first, second, nextOrder(second, 0, column)].map((one) => one?.descending);
  };
  assert.deepEqual(clicks({ name: "pid", kind: "number" }), [false, true, undefined]);
  assert.deepEqual(clicks({ name: "rss", kind: "number", unit: "bytes" }), [true, false, undefined]);
});

test("a filter by a cell replaces the filter of its column, and quotes text with blanks", () => {
  const [, comm = { name: "", kind: "text" }, state = comm] = columns;
  assert.equal(filterWith("kthread state:IN", state, "UN"), "kthread state:UN");
  const filter = filterWith("", comm, "two words");
  assert.equal(filter, 'comm:"two words"');
  const found = [[1, "two words", "IN"], [2, "words", "IN"]].filter(filterOf(filter, columns) ?? (() => false)); // prettier-ignore
  assert.deepEqual(found.map(([pid]) => pid), [1]); // prettier-ignore
  assert.equal(filterWith(filter, comm, "init"), "comm:init");
});

test("rows as Markdown have a heading, no empty columns, and no text that is a mark", () => {
  assert.equal(
    markdownTable(columns, [[1, "a|b", null], [10, "*c*", null]]), // prettier-ignore
    "| PID | Comm |\n| ---: | --- |\n| 1 | a\\|b |\n| 10 | \\*c\\* |\n",
  );
});

test("a shortened number is told in full", () => {
  assert.equal(rawText(17_235_968, "bytes"), "17,235,968 bytes");
  assert.equal(rawText("18446744073709551615", "nanoseconds"), "18,446,744,073,709,551,615 ns");
  assert.equal(rawText(7, undefined), undefined);
  assert.equal(rawText(17, "bytes"), undefined);
});
