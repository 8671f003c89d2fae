import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { residentPagesOf } from "../../../../linux/mm/mm.ts";
import { vmaRange, vmas } from "../../../../linux/mm/vma.ts";
import type { AddressSpace } from "../../../../memory/memory.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell, addressSpan, addressTitle } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { sharedRows } from "../../../say/sharedRows.ts";
import { hexNumber } from "../../../language/number.ts";
import { left, right } from "../../../../render/pad.ts";
import {
  faultPiece,
  faultJson,
  lineText,
  record,
  text,
  type Line,
  type Piece,
  type Pieces,
  addressJson,
} from "../../../../say/piece.ts";
import { placeOf, userPage, type UserPage } from "../userPage.ts";
import { vmaCells, vmaRow, vmaTitle, type VmaCells } from "../../../say/vma.ts";

/** `MM PGD RSS TOTAL_VM`: what a whole address space is. @param task whose counts belong to it */
export function mmPiece(task: Obj, mm: Obj): Piece {
  const { kernel } = task;
  const kilobytes = (pages: number): number => pages * (pageSize(kernel) / 1024);
  const title = `${addressTitle(kernel, "MM")}  ${addressTitle(kernel, "PGD")}   RSS    TOTAL_VM`;
  const heading: Line = [{ as: "title", text: title }];
  if (mm.address === 0n) {
    const none = addressTitle(kernel, "0");
    return record({ mm: null }, heading, [`${none}  ${none}     0k       0k`]);
  }
  const pgd = addressCell(kernel, () => mm.at("pgd").value());
  const size = (read: () => number) =>
    cell(
      () => kilobytes(read()),
      (value) => `${value}k`,
    );
  const rss = size(() => residentPagesOf(task, mm));
  const total = size(() => mm.at("total_vm").number());
  return record({ mm: addressJson(mm.address), pgd: pgd.json, rss: rss.json, totalVm: total.json }, heading, [
    addressSpan(kernel, mm.address),
    "  ",
    pgd.span,
    "  ",
    ...right(rss.span, 5),
    "    ",
    ...left(total.span, 7),
  ]);
}

const areaRows = sharedRows<Piece>("memory areas");

/** Every area; nothing for a kernel thread. */
export function* vmaTable(mm: Obj): Pieces {
  if (mm.address === 0n) return;
  yield text(vmaTitle(mm.kernel));
  yield* areaRows(mm.kernel).of(mm.address, () => eachVma(mm, (vma) => [vmaRow(vma)]));
}

/** Areas one by one, each as `show` says it; of a tree that breaks the reason. */
export function* eachVma(mm: Obj, show: (vma: Obj) => Iterable<Piece>): Pieces {
  let fault: Fault | undefined;
  for (const vma of untilFault(vmas(mm), (why) => (fault = why))) yield* show(vma);
  if (fault) yield faultPiece(fault, "vm: ");
}

/** An area with each of its pages: where it is, or where it would come from. */
export function* vmaPages(vma: Obj, space: AddressSpace): Pieces {
  yield text(vmaTitle(vma.kernel));
  yield vmaRow(vma);
  yield text([{ as: "title", text: "VIRTUAL     PHYSICAL" }]);
  const range = attempt(() => vmaRange(vma));
  if (range instanceof Fault) return yield faultPiece(range, "vm: ");
  const step = BigInt(pageSize(vma.kernel));
  for (let at = range.start; at < range.end;) {
    const page = userPage(space, at);
    const hole = holeAt(page, at, range.end);
    yield hole === undefined ? pageLine(vma, at, page) : holeLine(vma, at, hole, page);
    at = hole ?? at + step;
  }
}

/** Where a table of a whole gigabyte or more is missing, its pages are not told one by one. */
const HOLE_BYTES = 1n << 30n;

/** The end of a hole that begins here and is that large. */
function holeAt({ found, steps }: UserPage, address: bigint, end: bigint): bigint | undefined {
  if (!(found instanceof Fault) || end - address < HOLE_BYTES) return undefined;
  const span = steps.at(-1)?.span;
  // Where not even the root table answers, all of the rest is like this.
  if (span === undefined) return end;
  const behind = (address & -span) + span;
  return behind - address < HOLE_BYTES ? undefined : behind < end ? behind : end;
}

function holeLine(vma: Obj, address: bigint, end: bigint, page: UserPage): Piece {
  const place = placeOf(vma, address, page);
  const data = { virtual: addressJson(address), end: addressJson(end), origin: lineText(place) };
  return record(data, [`${hex(address)} - ${hex(end - 1n)}  `, ...place]);
}

function pageLine(vma: Obj, address: bigint, page: UserPage): Piece {
  const place = placeOf(vma, address, page);
  const { found } = page;
  const data = {
    virtual: addressJson(address),
    physical: !(found instanceof Fault)
      ? addressJson(found.physical)
      : found.kind === "unmapped"
        ? null
        : faultJson(found),
    origin: found instanceof Fault && found.kind === "unmapped" ? lineText(place) : null,
  };
  return record(data, [`${hex(address).padEnd(10)}  `, ...place]);
}

/**
 * What of an address space a reference names: areas by their address, flags or a part of their file's path, and the
 * page of an address within one.
 */
export function* vmaReferences(mm: Obj, space: () => AddressSpace, reference: string): Pieces {
  const value = hexNumber(reference);
  for (const vma of vmas(mm)) {
    const cells = vmaCells(vma);
    const range = attempt(() => vmaRange(vma));
    const isWithin = value !== undefined && !(range instanceof Fault) && value >= range.start && value < range.end;
    if (!isWithin && !isNamed(vma, cells, reference, value)) continue;
    yield vmaRow(vma, cells);
    if (!isWithin) continue;
    yield text([{ as: "title", text: "VIRTUAL     PHYSICAL" }]);
    const page = value & ~BigInt(pageSize(mm.kernel) - 1);
    yield pageLine(vma, page, userPage(space(), page));
  }
}

function isNamed(vma: Obj, { flags, file }: VmaCells, reference: string, value: bigint | undefined): boolean {
  if (value !== undefined && (value === vma.address || flags.json === String(value))) return true;
  return typeof file.json === "string" && file.json.includes(reference);
}
