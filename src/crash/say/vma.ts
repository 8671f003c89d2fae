/** The table of memory areas (`struct vm_area_struct`) as `vm` prints it. */
import { hex } from "../../base/hex.ts";
import { vmaFlags, vmaPath } from "../../linux/mm/vma.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { TableLayout } from "../../render/layout.ts";
import type { Piece } from "../../say/piece.ts";
import type { Column, Table } from "../../say/table.ts";

/** A column with the address at which an area begins, or the address after its end. */
const bound = (member: "vm_start" | "vm_end", title: string): Column<Obj> => ({
  kind: "address",
  title,
  width: 10,
  align: "right",
  value: (vma) => vma.at(member).value(),
  text: hex,
});

/** The columns of memory areas. A row is a `struct vm_area_struct`. */
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

/** Makes a row that is cached for the other tasks that share the area. */
export const keptVmaRow = (vma: Obj): Piece => layout(vma.kernel).keptRow(vma);
