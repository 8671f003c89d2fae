/** Implements `kmem -A`: lists memory by owner. */
import { type MemoryOwner, memoryOwners } from "../../../../insight/memoryOwners.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { PanelKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { text, type Pieces, type Span } from "../../../../say/piece.ts";
import type { Fault } from "../../../../base/fault.ts";
import type { Table } from "../../../../say/table.ts";

/** Lists memory by owner, the largest first, and says what it was counted by. */
export function* memoryOwnerTable(kernel: Kernel): Pieces {
  const { owners, missing, unread } = yield* memoryOwners(kernel);
  for (const because of missing) yield text(`${because}.`);
  if (missing.length > 0 && owners.length > 0) yield text(`Counted by ${kindsOf(owners)} instead.`, "");
  const layout = new TableLayout(kernel, memoryOwnersTable);
  layout.fit([...owners]);
  yield layout.heading();
  for (const owner of owners) yield layout.row(owner);
  if (unread > 0) yield text(`The counters of ${unread} lines cannot be read.`);
}

const kindsOf = (owners: readonly MemoryOwner[]): string => [...new Set(owners.map(({ kind }) => kind))].join(", ");

const placeText = ({ file, line }: MemoryOwner): string | Fault | undefined =>
  typeof file === "string" ? `${file}:${line ?? "?"}` : file;

const placeSpan = (shown: string, { file, line }: MemoryOwner): Span =>
  typeof file === "string" && line !== undefined ? { as: "source", text: shown, file, line } : shown;

/** The table of owners. An owner without a source line has a name or a function. */
export const memoryOwnersTable: Table<MemoryOwner, PanelKeys["kmem -A"]> = {
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
      value: (owner) => owner.name ?? placeText(owner),
      text: (shown, owner) => (owner.name === undefined ? placeSpan(shown, owner) : shown),
    },
    function: {
      kind: "text",
      title: "FUNCTION",
      width: "rows",
      value: (owner) => owner.function,
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
