import assert from "node:assert/strict";
import { after, test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { commands } from "../../../src/crash/commands.ts";
import { columnsOf } from "../../../src/crash/query/columns.ts";
import { fillTable, type SqlValue } from "../../../src/crash/query/rows.ts";
import { queryTables } from "../../../src/crash/query/tables.ts";
import { openSession } from "../../../src/session/open/open.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());

test("each table has columns that its command declares, with names of their own", () => {
  const all = commands();
  for (const table of queryTables) {
    const names = columnsOf(table, all).map(({ name }) => name);
    assert.ok(names.length >= 3, table.name);
    assert.equal(new Set(names).size, names.length, table.name);
  }
});

test("every table is filled on the example without an error; a row has a value for each column", () => {
  for (const table of queryTables) {
    const columns = columnsOf(table, session.context.commands);
    const rows: (readonly SqlValue[])[] = [];
    const { faults } = toEnd(fillTable(session.context, table, columns, (row) => rows.push(row)));
    assert.deepEqual(faults.filter((fault) => /usage|no such command/.test(fault)), []); // prettier-ignore
    const width = columns.length + (table.each === undefined ? 0 : 1);
    assert.ok(rows.every((row) => row.length === width), table.name); // prettier-ignore
    assert.ok(rows.length > 0 || ["disks", "sockets"].includes(table.name), table.name);
  }
});

test("a row of user memory has the task that the heading before it names", () => {
  const table = queryTables.find(({ name }) => name === "vm_areas") ?? assert.fail();
  const columns = columnsOf(table, session.context.commands);
  const comms = new Set<SqlValue>();
  const at = columns.findIndex(({ name }) => name === "comm");
  toEnd(fillTable(session.context, table, columns, (row) => comms.add(row[at] ?? null)));
  assert.ok(comms.has("init") && comms.has("insmod") && !comms.has(null));
});

test("a flag that is not set is 0, and a percentage is a REAL", () => {
  const table = queryTables.find(({ name }) => name === "waits")!;
  const columns = columnsOf(table, session.context.commands);
  const at = columns.findIndex(({ name }) => name === "deadlock");
  const rows: (readonly SqlValue[])[] = [];
  toEnd(fillTable(session.context, table, columns, (row) => rows.push(row)));
  assert.ok(rows.length > 0);
  assert.deepEqual([...new Set(rows.map((row) => row[at]))], [0]);
  const tasks = columnsOf(queryTables[0]!, session.context.commands);
  assert.equal(tasks.find(({ name }) => name === "mem_percent")?.type, "REAL");
});
