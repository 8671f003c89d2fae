import { hex } from "../../base/hex.ts";
import { vmaFlags, vmaPath } from "../../linux/mm/vma.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { addressCell, addressSpan, addressTitle } from "./addressCell.ts";
import { cell, type Cell } from "../../say/cell.ts";
import { right } from "../../render/pad.ts";
import { record, type Line, type Piece, addressJson } from "../../say/piece.ts";

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

function boundCell(vma: Obj, member: "vm_start" | "vm_end"): Cell {
  const { span, json } = addressCell(vma.kernel, () => vma.at(member).value());
  return { span: typeof span === "object" && span.as === "address" ? hex(span.address) : span, json };
}

export const vmaCells = (vma: Obj): VmaCells => ({
  start: boundCell(vma, "vm_start"),
  end: boundCell(vma, "vm_end"),
  flags: cell(() => vmaFlags(vma), hex),
  file: cell(
    () => vmaPath(vma),
    (path) => path ?? "",
  ),
});

export function vmaRow(vma: Obj, { start, end, flags, file }: VmaCells = vmaCells(vma)): Piece {
  const data = { vma: addressJson(vma.address), start: start.json, end: end.json, flags: flags.json, file: file.json };
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
