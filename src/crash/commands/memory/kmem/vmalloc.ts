/** Implements `kmem -v`: lists vmalloc areas. */
import { hex, padHex } from "../../../../base/hex.ts";
import { Fault } from "../../../../base/fault.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { vmapAreaAt, vmapAreas, vmapCaller, type VmapArea } from "../../../../linux/mm/vmalloc.ts";
import { derived } from "../../../../model/derived.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, progress, type Piece, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";
import { shortAddressSpan } from "../../../say/addressCell.ts";

/** Lists the areas that vmalloc() and similar functions have mapped. */
export function* vmallocTable(kernel: Kernel): Pieces {
  yield vmallocHeading(kernel);
  const { areas, fault } = vmapAreas(kernel);
  for (const area of areas) if (area.vm) yield vmallocRow(kernel, area);
  if (fault) yield faultPiece(fault, "kmem: ");
}

/** Shows the area that contains a kernel address, or the areas that map a physical page. */
export function* vmallocTableAt(kernel: Kernel, address: bigint, isPhysical: boolean): Pieces {
  yield vmallocHeading(kernel);
  const held = isPhysical ? undefined : vmapAreaAt(kernel, address);
  if (held) yield vmallocRow(kernel, held);
  if (isPhysical) yield* areasMapping(kernel, address);
}

function* areasMapping(kernel: Kernel, physical: bigint): Pieces {
  const size = BigInt(pageSize(kernel));
  const wanted = physical & ~(size - 1n);
  const { areas, fault } = vmapAreas(kernel);
  let done = 0;
  for (const area of areas) {
    for (let at = area.start, pages = 0; at < area.end; at += size, pages++) {
      if (pages % 1024 === 1023) yield progress("vmalloc areas", done, areas.length);
      const found = kernel.memory.translate(at);
      if (found instanceof Fault || (found.physical & ~(size - 1n)) !== wanted) continue;
      yield vmallocRow(kernel, area);
      break;
    }
    done++;
  }
  if (fault) yield faultPiece(fault, "kmem: ");
}

const layout = derived(
  "layout of vmalloc areas",
  (kernel) => new TableLayout(kernel, vmallocAreasTable(kernel.arch.wordSize * 2)),
);

export const vmallocHeading = (kernel: Kernel): Piece => layout(kernel).heading();

export const vmallocRow = (kernel: Kernel, area: VmapArea): Piece => layout(kernel).row({ kernel, ...area });

/** The table of areas. @param digits digits of an address */
export const vmallocAreasTable = (digits = 16): Table<AreaRow, PageKeys["kmem -v"]> => ({
  gap: "  ",
  columns: {
    vmapArea: {
      kind: "address",
      title: "VMAP_AREA",
      titleAlign: "center",
      about: "of the struct vmap_area",
      value: ({ area }) => area.address,
    },
    vmStruct: {
      kind: "address",
      title: "VM_STRUCT",
      titleAlign: "center",
      about: "of the struct vm_struct",
      value: ({ vm }) => vm?.address,
      absent: padHex(0, digits),
    },
    start: {
      kind: "address",
      title: "ADDRESS RANGE",
      titleAlign: "center",
      titleWidth: 2 * digits + RANGE.length,
      align: "right",
      value: ({ start }) => start,
      text: shortAddressSpan,
    },
    end: {
      kind: "address",
      title: "",
      titleGap: "",
      titleWidth: 0,
      gap: RANGE,
      align: "right",
      value: ({ end }) => end,
      text: hex,
    },
    size: { kind: "number", title: "SIZE", unit: "bytes", width: 7, value: ({ start, end }) => Number(end - start) },
    caller: {
      kind: "symbol",
      about: "the function that allocated the area",
      value: (area) => {
        const caller = vmapCaller(area);
        return caller === undefined ? undefined : area.kernel.symbols.at(caller)?.name;
      },
    },
  },
});

const RANGE = " - ";

interface AreaRow extends VmapArea {
  readonly kernel: Kernel;
}
