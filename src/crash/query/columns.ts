/** The columns of a query's table, derived from the declared records of its command. */
import type { ColumnKind, Field, Fields } from "../../say/table.ts";
import type { Command } from "../language/command.ts";
import type { QueryTable } from "./tables.ts";

/** A column of a table. */
export interface QueryColumn {
  /** Name in SQL: the key of the record in snake_case. */
  readonly name: string;
  readonly key: string;
  readonly kind: ColumnKind;
  /** Type in SQL. Addresses are text of `0x` and 16 digits, lists and records are JSON. */
  readonly type: "INTEGER" | "REAL" | "TEXT";
  /** Whether the value is of the record around the list. */
  readonly isInherited: boolean;
}

const TYPES: Readonly<Record<ColumnKind, QueryColumn["type"]>> = {
  number: "INTEGER",
  integer: "INTEGER",
  nanoseconds: "INTEGER",
  time: "REAL",
  text: "TEXT",
  flag: "INTEGER",
  address: "TEXT",
  task: "TEXT",
  symbol: "TEXT",
  data: "TEXT",
};

/** Returns the columns of a table, those of the record around a list first. @throws Error if no record declares them */
export function columnsOf(table: QueryTable, commands: readonly Command[]): QueryColumn[] {
  const { each, marker, inherited = [] } = table;
  const { line, extraKeys } = table.declaredAs ?? { line: table.line.replace(/^foreach /, ""), extraKeys: [] };
  const declared = (commands.find((one) => one.name === line.split(" ")[0])?.records?.() ?? []).filter(
    (one) => one.line === line,
  );
  const around = declared.find(({ fields }) => each === undefined || each in fields)?.fields;
  const own = declared.find(({ fields }) => marker === undefined || marker in fields)?.fields;
  const fields = each === undefined ? own : around?.[each]?.fields;
  if (!fields) throw new Error(`${table.name}: no record of "${line}" is declared`);
  const outer = declared.find(({ fields: one }) => inherited.every((key) => key in one))?.fields ?? {};
  return [
    ...columns(outer, inherited, true),
    ...columns(
      fields,
      Object.keys(fields).filter((key) => !inherited.includes(key) && !extraKeys.includes(key)),
      false,
    ),
  ];
}

const columns = (fields: Fields, keys: readonly string[], isInherited: boolean): QueryColumn[] =>
  keys.flatMap((key) => {
    const field = fields[key];
    if (!field || field.screenOnly) return [];
    return [{ name: snakeCase(key), key, kind: field.kind, type: typeOf(field), isInherited }];
  });

/** Returns the type in SQL. Percentages have fractions. */
const typeOf = ({ kind, unit }: Field): QueryColumn["type"] =>
  kind === "number" && unit === "percent" ? "REAL" : TYPES[kind];

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
