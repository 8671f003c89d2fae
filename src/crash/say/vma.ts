import { hex, hex0x } from "../../base/hex.ts";
import { vmaFlags, vmaPath } from "../../linux/mm/vma.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { addressSpan, addressTitle } from "./addressCell.ts";
import { cell, type Cell } from "./cell.ts";
import { right } from "./pad.ts";
import { record, type Line, type Piece } from "./piece.ts";

/** A row of areas: `vm_area_struct`, bounds, flags, file. */
export const vmaTitle = (kernel: Kernel): Line => [
  { as: "title", text: `${addressTitle(kernel, "VMA")}    START       END     FLAGS FILE` },
];

/** What is shown of an area. */
export interface VmaCells {
  readonly start: Cell;
  readonly end: Cell;
  readonly flags: Cell;
  readonly file: Cell;
}

export const vmaCells = (vma: Obj): VmaCells => ({
  start: cell(() => vma.at("vm_start").value(), hex),
  end: cell(() => vma.at("vm_end").value(), hex),
  flags: cell(() => vmaFlags(vma), hex),
  file: cell(
    () => vmaPath(vma),
    (path) => path ?? "",
  ),
});

export function vmaRow(vma: Obj, { start, end, flags, file }: VmaCells = vmaCells(vma)): Piece {
  const data = { vma: hex0x(vma.address), start: start.json, end: end.json, flags: flags.json, file: file.json };
  return record(data, [
    addressSpan(vma.kernel, vma.address),
    " ",
    ...right(start.span, 10),
    " ",
    ...right(end.span, 10),
    " ",
    flags.span,
    " ",
    file.span,
  ]);
}
