/** The verb `query`: answers a question in SQL. */
import { Worker } from "node:worker_threads";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { printable } from "../base/printable.ts";
import { UsageError } from "../base/usageError.ts";
import { commands } from "../crash/commands.ts";
import type { Context } from "../crash/language/command.ts";
import { columnsOf } from "../crash/query/columns.ts";
import { fillTable, type Shortfall, type SqlValue } from "../crash/query/rows.ts";
import { type QueryTable, queryTables } from "../crash/query/tables.ts";
import { JsonDocument } from "../render/json.ts";
import { column, longestLength } from "../render/pad.ts";
import { type Json, record } from "../say/piece.ts";
import { EXIT_ANSWERED, EXIT_USAGE } from "./exit.ts";
import { ownOptions } from "./ownOptions.ts";
import { withContext, withProgress } from "./openAndRun.ts";
import { isSqlError, openDatabase } from "../session/sqlite.ts";

const USAGE = `usage: vmcore-debug query "SQL" [--json] [--time-limit SECONDS] [options] [VMLINUX] VMCORE...
       vmcore-debug query --tables

Runs one SELECT of SQLite over tables that are read from the dump when the query names them. Addresses are text of 0x
and 16 digits; lists and records are JSON; a value that cannot be read is NULL, and the exit status is then 1. --tables
lists tables and columns. --time-limit ends a statement that takes longer: default 600 s, 0 for no limit.
`;

/** Runs `vmcore-debug query "SQL" VMCORE`. @returns the exit status */
export async function query(argv: readonly string[]): Promise<number> {
  const [sql, ...rest] = argv;
  if (sql === "--tables") {
    process.stdout.write(tablesText());
    return EXIT_ANSWERED;
  }
  if (sql === undefined || sql.startsWith("-") || rest.length === 0) {
    process.stderr.write(USAGE);
    return EXIT_USAGE;
  }
  if (!/^\s*(?:select|with|values|explain)\b/i.test(sql)) {
    process.stderr.write(`vmcore-debug: query: only SELECT, WITH, VALUES and EXPLAIN are run: ${printable(sql)}\n`);
    return EXIT_USAGE;
  }
  try {
    const { own, rest: others } = ownOptions(rest, OWN);
    const limit = timeLimit(own.get("time-limit")?.at(-1));
    return await withContext(others, (context, { json }) => answer(context, sql, { json, limit }));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`vmcore-debug: query: ${printable(error.message)}\n`);
    return EXIT_USAGE;
  }
}

const OWN = { "time-limit": true } as const;

/** Default time limit of a statement in seconds. */
const TIME_LIMIT = 600;

/** Parses the time limit of a statement in seconds; 0 means no limit. @throws UsageError */
function timeLimit(text: string | undefined): number {
  const seconds = text === undefined ? TIME_LIMIT : Number(text);
  if (!(seconds >= 0 && seconds <= 1e6)) throw new UsageError(`--time-limit ${text}: not a number of seconds`);
  return seconds;
}

/**
 * Ends the process when a statement takes too long. SQLite runs a statement on this thread and cannot be interrupted;
 * Ctrl-C ends the process too. @returns a function that stops the watch
 */
function watched(seconds: number): () => void {
  if (seconds === 0) return () => {};
  const message = `vmcore-debug: query: no answer within ${seconds} s; --time-limit SECONDS allows more\n`;
  const watch = new Worker(
    `const { workerData: { ms, message } } = require("node:worker_threads");
setTimeout(() => { require("node:fs").writeSync(2, message); process.kill(process.pid, "SIGTERM"); }, ms);`,
    { eval: true, workerData: { ms: seconds * 1000, message } },
  );
  watch.unref();
  return () => void watch.terminate();
}

/** Prepares the statement, filling each table that it names, and prints its rows. */
async function answer(
  context: Context,
  sql: string,
  { json, limit }: { readonly json: boolean; readonly limit: number },
): Promise<boolean> {
  const database = await openDatabase(":memory:");
  const shortfalls = new Map<string, Shortfall>();
  try {
    const statement = await prepared(database, context, sql, shortfalls);
    statement.setReadBigInts(true);
    const rest = sql.trim().slice(statement.sourceSQL.trim().length);
    if (!/^[\s;]*$/.test(rest))
      throw new UsageError(`query: one statement is run; more follows: ${printable(rest.trim())}`);
    const names = statement.columns().map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined)
      throw new UsageError(
        `query: two columns of the result are named ${twice}: give one another name (${twice} AS name)`,
      );
    const stop = watched(limit);
    try {
      const rows = statement.iterate() as Iterable<Record<string, SqlValue>>;
      process.stdout.write(json ? jsonText(rows) : tableText(names, rows));
    } finally {
      stop();
    }
  } catch (error) {
    if (isSqlError(error)) throw new UsageError(`query: ${error.message}`);
    throw error;
  } finally {
    database.close();
  }
  let isWhole = true;
  for (const [name, { unread, faults }] of shortfalls) {
    if (unread > 0 || faults.length > 0) isWhole = false;
    if (unread > 0) process.stderr.write(`vmcore-debug: ${name}: ${unread} values could not be read and are NULL\n`);
    for (const fault of faults) process.stderr.write(`vmcore-debug: ${name}: ${printable(fault)}\n`);
  }
  return isWhole;
}

/** Prepares a statement; if a table is missing, fills it and tries again. @throws UsageError */
async function prepared(
  database: DatabaseSync,
  context: Context,
  sql: string,
  shortfalls: Map<string, Shortfall>,
): Promise<StatementSync> {
  for (;;) {
    try {
      return database.prepare(sql);
    } catch (error) {
      const name = isSqlError(error) ? /^no such table: (?:main\.)?(\w+)$/.exec(error.message)?.[1] : undefined;
      const table = queryTables.find((one) => one.name === name?.toLowerCase());
      if (!table || shortfalls.has(table.name)) {
        if (name === undefined || table) throw error;
        throw new UsageError(
          `query: no such table: ${name}; there are ${queryTables.map((one) => one.name).join(", ")}`,
        );
      }
      shortfalls.set(table.name, await filled(database, context, table));
    }
  }
}

async function filled(database: DatabaseSync, context: Context, table: QueryTable): Promise<Shortfall> {
  const columns = columnsOf(table, context.commands);
  const declared = [...positionColumn(table), ...columns.map(({ name, type }) => `"${name}" ${type}`)];
  database.exec(`CREATE TABLE ${table.name} (${declared.join(", ")}); BEGIN`);
  const insert = database.prepare(`INSERT INTO ${table.name} VALUES (${declared.map(() => "?").join(", ")})`);
  const shortfall = await withProgress(
    fillTable(context.with({ onlyReads: true }), table, columns, (row) => insert.run(...row)),
  );
  database.exec("COMMIT");
  return shortfall;
}

/** Returns the column with the position in a list; none for a table whose rows are not the elements of a list. */
const positionColumn = ({ each }: QueryTable): string[] => (each === undefined ? [] : ["position INTEGER"]);

/** Formats a value for people. */
const cellText = (value: SqlValue | undefined): string =>
  value === null || value === undefined ? "" : printable(String(value).replaceAll("\t", "\\t"));

/** Number of rows from which the widths of the columns are measured. */
const MEASURED = 1000;

/** Formats rows in columns, with a heading; columns of numbers are right-aligned. */
function tableText(names: readonly string[], rows: Iterable<Record<string, SqlValue>>): string {
  const all = [...rows];
  const cells = all.map((row) => names.map((name) => cellText(row[name])));
  const layout = names.map((name, at) => ({
    width: longestLength([name, ...cells.slice(0, MEASURED).map((row) => row[at] ?? "")]),
    align: all.slice(0, MEASURED).every((row) => typeof row[name] !== "string")
      ? ("right" as const)
      : ("left" as const),
  }));
  const line = (texts: readonly string[]): string =>
    `${texts.map((text, at) => column(text, layout[at]?.width ?? 0, layout[at]?.align)).join("  ")}`.trimEnd();
  return [line(names), ...cells.map(line)].map((text) => `${text}\n`).join("");
}

/** Formats rows as a JSON document. Integers beyond 53 bits are strings. */
function jsonText(rows: Iterable<Record<string, SqlValue>>): string {
  const document = new JsonDocument();
  let text = "";
  for (const row of rows) {
    const values = Object.entries(row).map(([name, value]) => [name, jsonValue(value)] as const);
    text += document.add(record(Object.fromEntries(values)));
  }
  return text + document.end();
}

function jsonValue(value: SqlValue): Json {
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

/** Lists the tables with their columns. */
function tablesText(): string {
  const all = commands();
  return queryTables
    .map((table) => {
      const columns = columnsOf(table, all).map(({ name, type }) => `${name} ${type}`);
      return `${table.name}: ${table.about} (${table.line})\n  ${[...positionColumn(table), ...columns].join(", ")}\n`;
    })
    .join("");
}
