import { hex } from "../../base/hex.ts";
import { vmaFlags, vmaPath } from "../../linux/mm/vma.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { TableLayout } from "../../render/layout.ts";
import type { Piece } from "../../say/piece.ts";
import type { Column, Table } from "../../say/table.ts";

/** The address at which an area begins, or before which it ends. */
const bound = (member: "vm_start" | "vm_end", title: string): Column<Obj> => ({
  kind: "address",
  title,
  width: 10,
  align: "right",
  value: (vma) => vma.at(member).value(),
  text: hex,
});

/** Rows are `struct vm_area_struct`. */
export const vmasTable: Table<Obj> = {
  columns: {
    vma: { kind: "address", title: "VMA", titleAlign: "center", value: ({ address }) => address },
    start: bound("vm_start", "START"),
    end: bound("vm_end", "END"),
    flags: { kind: "integer", title: "FLAGS", unit: "hex", titleGap: "  ", align: "left", value: vmaFlags, text: hex },
    file: { kind: "text", title: "FILE", about: "null for anonymous memory", value: vmaPath },
  },
};

const layout = derived("layout of memory areas", (kernel) => new TableLayout(kernel, vmasTable));

export const vmaHeading = (kernel: Kernel): Piece => layout(kernel).heading();

export const vmaRow = (vma: Obj): Piece => layout(vma.kernel).row(vma);

/** A row that is kept for the other tasks that have the area. */
export const keptVmaRow = (vma: Obj): Piece => layout(vma.kernel).keptRow(vma);
