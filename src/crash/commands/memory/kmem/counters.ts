/** Implements `kmem -V`: lists the kernel's counters. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { COUNTER_TABLES, globalCounters, vmEvents, type Counter } from "../../../../linux/mm/vmstat.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { table } from "../../../../render/layout.ts";
import { longestLength } from "../../../../render/pad.ts";
import { faultPiece, text, type Pieces } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";

type CounterKey = "name" | "value";

/**
 * Columns of right-aligned names, as wide as the longest name, and their values. @param least minimum width of the name
 * column in characters
 */
export const counterColumns = (
  counters: readonly Counter[] = [],
  least = 26,
): { readonly [K in CounterKey]: Column<Counter> } => ({
  name: {
    kind: "text",
    title: "",
    gap: "",
    width: Math.max(least, longestLength(counters.map(({ name }) => name))),
    align: "right",
    value: ({ name }) => name,
  },
  value: { kind: "number", title: "", gap: ": ", value: ({ value }) => value },
});

export const countersTable = (
  variable = "",
  counters: readonly Counter[] = [],
): Table<Counter, PageKeys["kmem -V"]> => ({
  columns: {
    table: { kind: "text", about: "the kernel's variable", value: () => variable },
    ...counterColumns(counters),
  },
});

/** Lists the kernel's counters, table by table. */
export function* counterTables(kernel: Kernel): Pieces {
  let isFirst = true;
  const tables = [
    ...COUNTER_TABLES.map((table) => ({ name: table.variable, read: () => globalCounters(kernel, table) })),
    { name: "vm_event_states", read: () => vmEvents(kernel) },
  ];
  for (const { name, read } of tables) {
    const counters = attempt(read);
    if (counters === undefined) continue;
    if (!isFirst) yield text("");
    isFirst = false;
    yield text([{ as: "title", text: `  ${name.toUpperCase()}:` }]);
    if (counters instanceof Fault) yield faultPiece(counters, "  ");
    else yield* table(kernel, countersTable(name, counters), counters, { heading: false });
  }
}
