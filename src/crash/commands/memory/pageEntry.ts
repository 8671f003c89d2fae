/** Decodes page-table entries for `pte` and `vtop`. */
import type { WalkStep } from "../../../arch/arch.ts";
import { attempt, Fault } from "../../../base/fault.ts";
import { hex } from "../../../base/hex.ts";
import { filePath } from "../../../linux/fs/dcache.ts";
import { swapSlot, type SwapSlot } from "../../../linux/mm/swapEntry.ts";
import { encryptionBit } from "../../../linux/vmcoreinfo.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { TableLayout } from "../../../render/layout.ts";
import { text, type Piece } from "../../../say/piece.ts";
import type { Column, Table } from "../../../say/table.ts";

/**
 * Returns the entry at which a walk ended, as the kernel stores it; undefined if there was no step, or the kernel's
 * entry is not readable. On arm the kernel keeps its own entry next to the hardware's.
 */
export function lastEntry(kernel: Kernel, steps: readonly WalkStep[]): bigint | undefined {
  const place = kernel.arch.pte?.ownEntry?.(steps);
  if (place === undefined) return steps.at(-1)?.entry;
  const own = attempt(() => kernel.memory.physical.u32(place));
  return own instanceof Fault ? undefined : BigInt(own);
}

interface EntryRow {
  readonly entry: bigint;
  readonly physical: bigint;
  readonly isPresent: boolean;
  readonly flags: readonly string[];
}

const entryColumns = {
  pte: {
    kind: "integer",
    title: "PTE",
    titleAlign: "center",
    unit: "hex",
    width: "rows",
    value: ({ entry }) => entry,
    text: hex,
  },
  physical: {
    kind: "address",
    title: "PHYSICAL",
    titleAlign: "center",
    width: "rows",
    align: "middle",
    value: ({ physical }) => physical,
    text: hex,
  },
} as const satisfies { readonly [key: string]: Column<EntryRow> };

export const entriesTable: Table<EntryRow> = {
  gap: "  ",
  columns: {
    ...entryColumns,
    present: { kind: "flag", value: ({ isPresent }) => isPresent },
    flags: {
      kind: "data",
      title: "FLAGS",
      about: "names of the bits that are set",
      value: ({ flags }) => flags,
      text: (_, { flags, entry }) =>
        flags.length > 0 ? `(${flags.join("|")})` : entry === 0n ? "(no mapping)" : "(not present)",
    },
  },
};

/** Makes a row below its heading, with columns as wide as the row needs. */
function headed<Row>(kernel: Kernel, declared: Table<Row>, row: Row): Piece {
  const layout = new TableLayout(kernel, declared);
  layout.fit([row]);
  return layout.headed(row);
}

/** Shows an entry of a page larger than those of the last level; its bits are the hardware's. */
export const largePagePiece = (kernel: Kernel, entry: bigint, physical: bigint): Piece =>
  headed<EntryRow>(kernel, { gap: "  ", columns: entryColumns }, { entry, physical, isPresent: true, flags: [] });

/** Decodes a page-table entry as `pte` shows it: the page and its bits, or the location in swap. */
export function ptePiece(kernel: Kernel, entry: bigint): Piece {
  const format = kernel.arch.pte;
  if (!format) return text(`${hex(entry)}  (the layout of page-table entries on this architecture is not known)`);
  const isPresent = format.isPresent(entry);
  const slot = entrySlot(kernel, entry);
  if (slot) return headed(kernel, swapEntriesTable, { entry, slot });
  const flags = format.flags.filter(([, mask]) => (entry & mask) !== 0n).map(([name]) => name);
  const physical = isPresent || flags.length > 0 ? format.physical(entry) & ~encryptionBit(kernel) : 0n;
  return headed(kernel, entriesTable, { entry, physical, isPresent, flags });
}

interface SwapRow {
  readonly entry: bigint;
  readonly slot: SwapSlot;
}

export const swapEntriesTable: Table<SwapRow> = {
  gap: "  ",
  columns: {
    pte: { ...entryColumns.pte, align: "left", value: ({ entry }) => entry },
    swapInfo: { kind: "address", about: "of the struct swap_info_struct", value: ({ slot }) => slot.area.address },
    swap: {
      kind: "text",
      title: "SWAP",
      titleAlign: "center",
      about: "file or device",
      width: "rows",
      value: ({ slot }) => swapPath(slot),
    },
    swapOffset: {
      kind: "number",
      title: "OFFSET",
      unit: "pages",
      align: "left",
      value: ({ slot }) => Number(slot.offset),
    },
  },
};

/** Returns the file or device of a swap slot. */
export const swapPath = ({ area }: SwapSlot): string | Fault => attempt(() => filePath(area.at("swap_file").deref()));

/** Returns the slot to which an entry's page was swapped; undefined if it was not swapped. */
export const entrySlot = (kernel: Kernel, entry: bigint): SwapSlot | undefined =>
  entry === 0n || kernel.arch.pte?.isPresent(entry) ? undefined : swapSlot(kernel, entry);
