import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { form, table, TableLayout } from "../../src/render/layout.ts";
import { GridBuilder } from "../../src/render/grid.ts";
import { pieceText } from "../../src/render/text.ts";
import type { Piece } from "../../src/say/piece.ts";
import type { Form, Table } from "../../src/say/table.ts";

interface Row {
  readonly at: bigint;
  readonly name: string;
  readonly bytes: number | undefined;
}

const machine = { arch: { wordSize: 4 } };
const rows: readonly Row[] = [
  { at: 0xc0100000n, name: "a", bytes: 4096 },
  { at: 0xc0200000n, name: "longer", bytes: undefined },
];
const declared: Table<Row> = {
  gap: "  ",
  columns: {
    at: { kind: "address", title: "AT", value: ({ at }) => at },
    name: { kind: "text", title: "NAME", width: "rows", value: ({ name }) => name },
    bytes: { kind: "number", title: "SIZE", unit: "bytes", width: 6, value: ({ bytes }) => bytes, absent: "-" },
    age_ns: {
      kind: "nanoseconds",
      value: ({ name }) => (name === "a" ? 12_000_000_000n : Fault.of("missing", "no clock")),
    },
  },
};
const all = (pieces: Iterable<Piece>): string => [...pieces].map((piece) => pieceText(piece)).join("");
const data = (pieces: Iterable<Piece>): unknown[] =>
  [...pieces].flatMap((piece) => (piece.kind === "record" ? [piece.data] : []));

test("columns are as wide as declared, as an address, or as their rows", () => {
  assert.equal(
    all(table(machine, declared, rows)),
    ["   AT     NAME      SIZE", "c0100000  a         4096", "c0200000  longer       -", ""].join("\n"),
  );
  assert.doesNotMatch(all(table(machine, declared, rows, { heading: false })), /NAME/);
});

test("the data of a row are its raw values: absent is null, a fault keeps its kind", () => {
  assert.deepEqual(data(table(machine, declared, rows)), [
    { at: "0x00000000c0100000", name: "a", bytes: 4096, age_ns: "12000000000" },
    {
      at: "0x00000000c0200000",
      name: "longer",
      bytes: null,
      age_ns: { fault: "missing", address: null, message: "no clock" },
    },
  ]);
});

test("a grid takes kinds and units from the declaration, not from the form of values", () => {
  const builder = new GridBuilder({ wordSize: 4, isAddress: () => false, isPlace: () => false });
  for (const piece of table(machine, declared, rows)) builder.add(piece);
  assert.deepEqual(builder.end().tables[0]?.columns, [
    { name: "at", kind: "address" },
    { name: "name", kind: "text" },
    { name: "bytes", kind: "number", unit: "bytes" },
    { name: "age_ns", kind: "number", unit: "nanoseconds" },
  ]);
});

test("a fault pushes no column away", () => {
  const broken: Table<number> = {
    columns: {
      name: {
        kind: "text",
        title: "N",
        width: "rows",
        value: (row) => (row === 0 ? Fault.of("missing", "a long reason why not") : "ab"),
      },
      next: { kind: "number", title: "X", value: (row) => row },
    },
  };
  assert.equal(all(table(machine, broken, [1])), "N  X\nab 1\n");
  assert.equal(all(table(machine, broken, [0, 1])), "N  X\n<a long reason why not> 0\nab 1\n");
});

test("a form has a line for each existing value, and reports an incomplete answer", () => {
  const facts: Form<Row> = {
    width: 6,
    columns: {
      name: { kind: "text", title: "NAME", value: ({ name }) => name },
      bytes: { kind: "number", title: "SIZE", value: ({ bytes }) => bytes },
      at: { kind: "address", title: "AT", value: () => Fault.of("missing", "gone") },
    },
  };
  const [piece] = [form(machine, facts, rows[1]!, { isAnswer: true })];
  assert.equal(pieceText(piece), "  NAME: longer\n    AT: <gone>\n");
  assert.equal(piece.kind === "record" && piece.unread?.message, "gone");
});

test("columns below a row's first line, and cells of several spans, are at their declared positions", () => {
  const declared: Table<Row> = {
    end: ">",
    columns: {
      at: {
        kind: "address",
        title: "AT",
        value: ({ at }) => at,
        text: (at) => [{ as: "address", text: at.toString(16), address: at }, "+0"],
      },
      name: { kind: "text", title: "NAME", width: 4, align: "right", value: ({ name }) => name },
      bytes: { kind: "number", title: "", gap: "  SIZE: ", line: 1, value: ({ bytes }) => bytes },
      name2: { kind: "text", title: "", gap: " <", line: 1, screenOnly: true, value: ({ name }) => name },
    },
  };
  assert.equal(all(table(machine, declared, rows.slice(0, 1))), "   AT    NAME\nc0100000+0    a\n  SIZE: 4096 <a>\n");
  assert.deepEqual(data(table(machine, declared, rows.slice(0, 1))), [
    { at: "0x00000000c0100000", name: "a", bytes: 4096 },
  ]);
});

test("a fault that replaces several values is printed once, and is each of them in the data", () => {
  const fault = Fault.of("missing", "no counters");
  const declared: Table<number> = {
    columns: {
      read: { kind: "number", title: "READ", value: () => fault },
      write: { kind: "number", title: "WRITE", value: () => fault },
      next: { kind: "number", title: "N", value: (row) => row },
    },
  };
  assert.equal(all(table(machine, declared, [1], { heading: false })), "<no counters> 1\n");
  const json = { fault: "missing", address: null, message: "no counters" };
  assert.deepEqual(data(table(machine, declared, [1])), [{ read: json, write: json, next: 1 }]);
});

test("the title of a column that takes the excess of the previous one ends with its cells", () => {
  const declared: Table<Row> = {
    columns: {
      name: { kind: "text", title: "N", titleWidth: 1, width: "rows", value: ({ name }) => name },
      bytes: { kind: "number", title: "SIZE", titleAlign: "right", width: 5, takesSlack: true, value: () => 7 },
    },
  };
  assert.equal(all(table(machine, declared, rows)), "N       SIZE\na          7\nlonger     7\n");
});

test("a title that is wider than its cells does not run into the one before", () => {
  const declared: Table<Row> = {
    columns: {
      name: { kind: "text", title: "NAME", width: 4, value: ({ name }) => name },
      at: { kind: "address", title: "TIMER_LIST", titleAlign: "right", takesSlack: true, titleGap: "", value: ({ at }) => at }, // prettier-ignore
    },
  };
  assert.equal(all(table(machine, declared, rows.slice(0, 1))), "NAME TIMER_LIST\na    c0100000\n");
});

test("titles that a sign separates have no blank after it", () => {
  const declared: Table<Row> = {
    columns: {
      name: { kind: "text", title: "NAME", width: 4, align: "right", value: ({ name }) => name },
      at: { kind: "address", title: "AT", titleAlign: "left", gap: "-", value: ({ at }) => at },
    },
  };
  assert.match(all(table(machine, declared, rows.slice(0, 1))), /^NAME-AT\b/);
});

test("the spans of a list are in columns of one width, and the next column follows the last of them", () => {
  const declared: Table<readonly number[]> = {
    columns: {
      units: {
        kind: "data",
        title: "",
        align: "right",
        cellWidth: 3,
        width: 11,
        value: (units) => units,
        text: (_, units) => units.map(String),
      },
      sum: { kind: "number", title: "", gap: "  ", value: (units) => units.reduce((all, one) => all + one, 0) },
    },
  };
  assert.equal(
    all(table(machine, declared, [[1, 20, 300], [4]], { heading: false })),
    "  1  20 300  321\n  4          4\n",
  );
});

test("a stored row prints the same as its table's row, and reads its values once", () => {
  let reads = 0;
  const counted: Table<Row> = {
    columns: { ...declared.columns, count: { kind: "number", value: () => ++reads } },
  };
  const layout = new TableLayout(machine, counted);
  const kept = layout.keptRow(rows[0]!);
  assert.equal(kept.data, kept.data);
  assert.equal(kept.lines, kept.lines);
  assert.equal(reads, 1);
  assert.deepEqual(kept.data, { at: "0x00000000c0100000", name: "a", bytes: 4096, age_ns: "12000000000", count: 1 });
  assert.deepEqual(kept.lines, layout.lines(rows[0]!));
});

test("a headed row has its heading above it", () => {
  const layout = new TableLayout(machine, declared);
  const heading = pieceText(layout.heading());
  assert.equal(
    pieceText(layout.headed(rows[0]!, () => [["below"]])),
    `${heading}${pieceText(layout.row(rows[0]!))}below\n`,
  );
});

test("a fault is separated from the column before, also if blanks within the cells separate values", () => {
  const declared: Table<number> = {
    gap: "",
    columns: {
      row: { kind: "number", title: "ROW", width: 4, value: (row) => row },
      gone: { kind: "number", title: "GONE", width: 6, value: () => Fault.of("missing", "gone") },
    },
  };
  assert.equal(all(table(machine, declared, [1], { heading: false })), "   1 <gone>\n");
});
