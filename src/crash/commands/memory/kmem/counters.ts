import { attempt, Fault } from "../../../../base/fault.ts";
import { COUNTER_TABLES, globalCounters, vmEvents, type Counter } from "../../../../linux/mm/vmstat.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { faultPiece, record, text, type Pieces } from "../../../../say/piece.ts";

/** `kmem -V`: the kernel's counters, table by table. */
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
    else yield* counterLines(counters, name);
  }
}

/** Names at the right of a column as wide as the longest, values behind. */
export function* counterLines(counters: readonly Counter[], table: string, least = 26): Pieces {
  const width = Math.max(least, ...counters.map(({ name }) => name.length));
  for (const { name, value } of counters) yield record({ table, name, value }, `${name.padStart(width)}: ${value}`);
}
