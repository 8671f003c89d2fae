/** Shows address spaces and memory areas for `vm`. */
import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { once } from "../../../../base/once.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { residentPageCountOf } from "../../../../linux/mm/mm.ts";
import { vmaFlags, vmaPath, vmaRange, vmas } from "../../../../linux/mm/vma.ts";
import type { AddressSpace } from "../../../../memory/memory.ts";
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, type Piece, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";
import { hexNumber } from "../../../language/number.ts";
import { sharedRows } from "../../../say/sharedRows.ts";
import { keptVmaRow, vmaHeading, vmaRow } from "../../../say/vma.ts";
import { kilobytesText } from "../sizes.ts";
import { originColumns, type Origin, originLine, originOf, physicalOf, userPage, type UserPage } from "../userPage.ts";

interface MmRow {
  /** The task whose counts belong to the address space. */
  readonly task: Obj;
  /** The `struct mm_struct`, at NULL for a kernel thread. */
  readonly mm: Obj;
}

const unlessNull =
  <T>(read: (row: MmRow) => T) =>
  (row: MmRow): T | undefined =>
    row.mm.address === 0n ? undefined : read(row);

/** The table of address spaces. */
export const mmTable: Table<MmRow> = {
  gap: "  ",
  columns: {
    mm: {
      kind: "address",
      title: "MM",
      titleAlign: "center",
      align: "center",
      about: "of the struct mm_struct; null for a kernel thread",
      value: unlessNull(({ mm }) => mm.address),
      absent: "0",
    },
    pgd: {
      kind: "address",
      title: "PGD",
      titleAlign: "center",
      align: "center",
      value: unlessNull(({ mm }) => mm.at("pgd").value()),
      absent: "0",
    },
    rss: {
      kind: "number",
      title: "RSS",
      unit: "bytes",
      about: "in memory",
      width: 5,
      titleWidth: 4,
      value: unlessNull(({ task, mm }) => residentPageCountOf(task, mm) * pageSize(task.kernel)),
      text: kilobytesText,
      absent: "0k",
    },
    totalVm: {
      kind: "number",
      title: "TOTAL_VM",
      unit: "bytes",
      about: "mapped",
      gap: "    ",
      align: "left",
      value: unlessNull(({ task, mm }) => mm.at("total_vm").number() * pageSize(task.kernel)),
      text: kilobytesText,
      absent: "   0k",
    },
  },
};

export const mmPiece = (task: Obj, mm: Obj): Piece => new TableLayout(task.kernel, mmTable).headed({ task, mm });

const areaRows = sharedRows<Piece>("memory areas");

/** Lists all areas. Yields nothing for a kernel thread. */
export function* vmaTable(mm: Obj): Pieces {
  if (mm.address === 0n) return;
  yield vmaHeading(mm.kernel);
  yield* areaRows(mm.kernel).of(mm.address, () => eachVma(mm, (vma) => [keptVmaRow(vma)]));
}

/** Shows each area with `show`. If the tree of areas is damaged, reports the reason. */
export function* eachVma(mm: Obj, show: (vma: Obj) => Iterable<Piece>): Pieces {
  let fault: Fault | undefined;
  for (const vma of untilFault(vmas(mm), (why) => (fault = why))) yield* show(vma);
  if (fault) yield faultPiece(fault, "vm: ");
}

/** Shows an area with each of its pages: its location, or where it would be read from. */
export function* vmaPages(vma: Obj, space: AddressSpace): Pieces {
  const layout = new TableLayout(vma.kernel, pagesTable);
  yield vmaHeading(vma.kernel);
  yield vmaRow(vma);
  yield layout.heading();
  const range = attempt(() => vmaRange(vma));
  if (range instanceof Fault) return yield faultPiece(range, "vm: ");
  const step = BigInt(pageSize(vma.kernel));
  for (let at = range.start; at < range.end;) {
    const page = userPage(space, at);
    const end = holeAt(page, at, range.end);
    yield layout.row(pageRow(vma, at, page, end));
    at = end ?? at + step;
  }
}

/** Size of a hole whose pages are not listed one by one, in bytes. */
const HOLE_BYTES = 1n << 30n;

/** Returns the end of a hole of at least that size that begins here; undefined if there is none. */
function holeAt({ found, steps }: UserPage, address: bigint, end: bigint): bigint | undefined {
  if (!(found instanceof Fault) || end - address < HOLE_BYTES) return undefined;
  const span = steps.at(-1)?.span;
  // If the root table has no entry, the rest is a hole too.
  if (span === undefined) return end;
  const nextMapped = (address & -span) + span;
  return nextMapped - address < HOLE_BYTES ? undefined : nextMapped < end ? nextMapped : end;
}

interface PageRow {
  readonly address: bigint;
  /** End of the hole that begins here. */
  readonly end: bigint | undefined;
  readonly page: UserPage;
  readonly origin: () => Origin | undefined;
}

const pageRow = (vma: Obj, address: bigint, page: UserPage, end?: bigint): PageRow => ({
  address,
  end,
  page,
  origin: once(() => (physicalOf(page.found) === undefined ? originOf(vma, address, page) : undefined)),
});

export const pagesTable: Table<PageRow> = {
  gap: "  ",
  columns: {
    virtual: {
      kind: "address",
      title: "VIRTUAL",
      titleAlign: "left",
      width: 10,
      value: ({ address }) => address,
      text: (address, { end }) => (end === undefined ? hex(address) : `${hex(address)} - ${hex(end - 1n)}`),
    },
    end: { kind: "address", about: "end of an unmapped range that begins there; else null", value: ({ end }) => end },
    physical: {
      kind: "address",
      title: "PHYSICAL",
      titleAlign: "left",
      about: "null if nothing is mapped",
      width: 8,
      align: "right",
      value: ({ page }) => physicalOf(page.found),
      text: hex,
      absent: ({ origin }) => {
        const from = origin();
        return from ? originLine(from) : "(not mapped)";
      },
    },
    ...originColumns,
  },
};

/**
 * Shows the parts of an address space that a reference names: areas by address, flags or a part of their file's path,
 * and the page of an address in an area.
 */
export function* vmaReferences(mm: Obj, space: () => AddressSpace, reference: string): Pieces {
  const value = hexNumber(reference);
  const layout = new TableLayout(mm.kernel, pagesTable);
  for (const vma of vmas(mm)) {
    const range = attempt(() => vmaRange(vma));
    const isWithin = value !== undefined && !(range instanceof Fault) && value >= range.start && value < range.end;
    if (!isWithin && !isNamed(vma, reference, value)) continue;
    yield vmaRow(vma);
    if (!isWithin) continue;
    yield layout.heading();
    const page = value & ~BigInt(pageSize(mm.kernel) - 1);
    yield layout.row(pageRow(vma, page, userPage(space(), page)));
  }
}

function isNamed(vma: Obj, reference: string, value: bigint | undefined): boolean {
  if (value !== undefined && (value === vma.address || value === attempt(() => vmaFlags(vma)))) return true;
  const path = attempt(() => vmaPath(vma));
  return typeof path === "string" && path.includes(reference);
}
