/** Implements `kmem -A`: lists memory by consumer. */
import { type MemoryConsumer, memoryConsumers } from "../../../../insight/memoryConsumers.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { text, type Pieces, type Span } from "../../../../say/piece.ts";
import type { Fault } from "../../../../base/fault.ts";
import type { Table } from "../../../../say/table.ts";

/** Lists memory by consumer, the largest first, and says what it was counted by. */
export function* memoryConsumerTable(kernel: Kernel): Pieces {
  const { consumers, missing, unread } = yield* memoryConsumers(kernel);
  for (const because of missing) yield text(`${because}.`);
  if (missing.length > 0 && consumers.length > 0) yield text(`Counted by ${kindsOf(consumers)} instead.`, "");
  const layout = new TableLayout(kernel, memoryConsumersTable);
  layout.fit([...consumers]);
  yield layout.heading();
  for (const consumer of consumers) yield layout.row(consumer);
  if (unread > 0) yield text(`The counters of ${unread} allocation tag${unread === 1 ? "" : "s"} cannot be read.`);
}

const kindsOf = (consumers: readonly MemoryConsumer[]): string =>
  [...new Set(consumers.map(({ kind }) => kind))].join(", ");

const placeText = ({ file, line }: MemoryConsumer): string | Fault | undefined =>
  typeof file === "string" ? `${file}:${line ?? "?"}` : file;

const placeSpan = (shown: string, { file, line }: MemoryConsumer): Span =>
  typeof file === "string" && line !== undefined ? { as: "source", text: shown, file, line } : shown;

/** The table of consumers. A consumer without a source line has a name or a function. */
export const memoryConsumersTable: Table<MemoryConsumer, PageKeys["kmem -A"]> = {
  gap: "  ",
  columns: {
    bytes: { kind: "number", title: "BYTES", unit: "bytes", width: 13, value: ({ bytes }) => bytes },
    count: {
      kind: "number",
      title: "COUNT",
      about: "allocations of a source line, pages, slabs of a cache, or areas of vmalloc()",
      width: 9,
      value: ({ count }) => count,
    },
    kind: {
      kind: "text",
      title: "BY",
      about: "what it was counted by: allocation tag, page_owner, slab cache, vmalloc or process",
      width: "rows",
      value: ({ kind }) => kind,
    },
    place: {
      kind: "text",
      title: "PLACE",
      about: "source line; a slab cache or a process has its name there",
      width: "rows",
      value: (consumer) => consumer.name ?? placeText(consumer),
      text: (shown, consumer) => (consumer.name === undefined ? placeSpan(shown, consumer) : shown),
    },
    function: {
      kind: "text",
      title: "FUNCTION",
      width: "rows",
      value: (consumer) => consumer.function,
    },
    module: { kind: "text", title: "MODULE", width: "rows", value: ({ module }) => module },
    note: {
      kind: "text",
      title: "NOTE",
      about: "why a number can be wrong, or the callers of the function",
      value: ({ note }) => note,
    },
  },
};
