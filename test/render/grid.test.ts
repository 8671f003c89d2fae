import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { faultPiece, type Json, type Piece, record, type Span } from "../../src/say/piece.ts";
import { GridBuilder } from "../../src/render/grid.ts";

const grid = (...pieces: Piece[]) => {
  const builder = new GridBuilder({
    wordSize: 8,
    isAddress: (address) => address >= 0xffff800000000000n,
    isPlace: (address) => address >= 0xffff888000000000n && address < 0xffff889000000000n,
  });
  for (const piece of pieces) builder.add(piece);
  return builder.end();
};
const table = (...data: Json[]) => grid(...data.map((one) => record(one))).tables[0]!;
const kinds = (...data: Json[]) => Object.fromEntries(table(...data).columns.map(({ name, kind }) => [name, kind]));

test("columns are made from the records' keys, and cells keep their values", () => {
  assert.deepEqual(table({ pid: 1, comm: "init" }, { pid: 2, state: "RU" }), {
    columns: [
      { name: "pid", kind: "number" },
      { name: "comm", kind: "text" },
      { name: "state", kind: "text" },
    ],
    rows: [
      [1, "init", null],
      [2, null, "RU"],
    ],
  });
});

test("a fault is in its cell and does not change the kind of its column", () => {
  const { columns, rows } = table(
    { rss: 5 },
    { rss: { fault: "excluded", address: null, message: "page excluded from dump" } },
  );
  assert.deepEqual(columns, [{ name: "rss", kind: "number" }]);
  assert.deepEqual(rows[1], [{ fault: "excluded", address: null, message: "page excluded from dump" }]);
});

test("kernel addresses are distinguished from other hexadecimal numbers", () => {
  assert.deepEqual(kinds({ mount: "0xffff888000000000", key: "0x1ab001", start: "0x100000000", id: "8086:29c0" }), {
    mount: "address",
    key: "number",
    start: "number",
    id: "text",
  });
});

test("a long with a kernel address is an address, other negative numbers are unchanged", () => {
  assert.deepEqual(table({ owner: -0x778000000000 + 0x1040, error: -22, lag: "-9007199254740993" }), {
    columns: [
      { name: "owner", kind: "address" },
      { name: "error", kind: "number" },
      { name: "lag", kind: "number" },
    ],
    rows: [["0xffff888000001040", -22, "-9007199254740993"]],
  });
});

test("a pointer that is zero in one row is an address in the others", () => {
  assert.deepEqual(kinds({ mm: "0x0" }, { mm: "0xffff888000000000" }), { mm: "address" });
});

test("values that the text marks as task or symbol have links in the data too", () => {
  const task: Span = { as: "task", text: "ffff888000000040", address: 0xffff888000000040n };
  const symbol: Span = { as: "symbol", text: "tty_fops", address: 0xffffffff81000000n };
  const { tables } = grid(record({ task: "0xffff888000000040", operations: "tty_fops" }, [task, " ", symbol]));
  assert.deepEqual(
    tables[0]?.columns.map(({ kind }) => kind),
    ["task", "symbol"],
  );
});

test("a list of records within a record becomes one row for each, with the shared values", () => {
  const files = [
    { fd: 0, type: "CHR" },
    { fd: 1, type: "REG" },
  ];
  assert.deepEqual(table({ pid: 1, type: "task", files }).rows, [
    [1, "task", 0, "CHR"],
    [1, "task", 1, "REG"],
  ]);
  assert.deepEqual(
    table({ pid: 1, type: "task", files }).columns.map(({ name }) => name),
    ["pid", "type", "fd", "files.type"],
  );
});

test("a record within a record becomes columns, a list of values one text", () => {
  assert.deepEqual(table({ at: { line: 3 }, watermarks: [67, 83] }), {
    columns: [
      { name: "at.line", kind: "number" },
      { name: "watermarks", kind: "text" },
    ],
    rows: [[3, "67, 83"]],
  });
});

test("an empty list has no column; deeply nested values are in the last column", () => {
  const [row, none] = [{ pid: 1, trap: { type: "NMI", registers: { rip: 7 } }, frames: [{ function: "f" }] }, { pid: 2, frames: [] }]; // prettier-ignore
  const { tables } = grid(record(row), record(none));
  assert.deepEqual(
    tables[0]?.columns.map(({ name }) => name),
    ["pid", "trap.type", "function", "trap.registers.rip"],
  );
  assert.deepEqual(tables[0]?.rows, [
    [1, "NMI", "f", 7],
    [2, null, null, null],
  ]);
});

test("records of two kinds make two tables", () => {
  const { tables } = grid(record({ zone: 0 }), record({ order: 0 }), record({ zone: 1 }));
  assert.deepEqual(
    tables.map(({ rows }) => rows.length),
    [2, 1],
  );
});

test("the error that ended a command is shown next to its rows", () => {
  const { tables, remarks } = grid(record({ pid: 1 }), faultPiece(Fault.of("corrupt", "list loops"), "ps: "));
  assert.deepEqual(tables[0]?.rows, [[1]]);
  assert.deepEqual(remarks, ["ps: list loops"]);
});
