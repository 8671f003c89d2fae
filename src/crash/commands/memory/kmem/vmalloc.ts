import { hex, padHex } from "../../../../base/hex.ts";
import { attempt, Fault } from "../../../../base/fault.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { vmapAreaAt, vmapAreas, vmapCaller, type VmapArea } from "../../../../linux/mm/vmalloc.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { faultPiece, progress, record, text, type Piece, type Pieces, addressJson } from "../../../../say/piece.ts";

/** `kmem -v`: what vmalloc() and its kin have mapped. */
export function* vmallocTable(kernel: Kernel): Pieces {
  yield text(vmallocTitle(kernel));
  const { areas, fault } = vmapAreas(kernel);
  for (const area of areas) if (area.vm) yield vmallocRow(kernel, area);
  if (fault) yield faultPiece(fault, "kmem: ");
}

/** `kmem -v ADDRESS`: the area that holds a kernel address, or the areas that map a physical page. */
export function* vmallocTableAt(kernel: Kernel, address: bigint, isPhysical: boolean): Pieces {
  yield text(vmallocTitle(kernel));
  const held = isPhysical ? undefined : vmapAreaAt(kernel, address);
  if (held) yield vmallocRow(kernel, held);
  if (isPhysical) yield* areasMapping(kernel, address);
}

function* areasMapping(kernel: Kernel, physical: bigint): Pieces {
  const size = BigInt(pageSize(kernel));
  const wanted = physical & ~(size - 1n);
  const { areas } = vmapAreas(kernel);
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
}

export function vmallocTitle(kernel: Kernel) {
  const width = kernel.arch.wordSize * 2;
  const column = (title: string, wide: number): string =>
    title.padStart(Math.floor((wide - title.length) / 2) + title.length).padEnd(wide);
  const range = column("ADDRESS RANGE", 2 * width + 3);
  return [
    { as: "title", text: `${column("VMAP_AREA", width)}  ${column("VM_STRUCT", width)}  ${range}     SIZE` },
  ] as const;
}

export function vmallocRow(kernel: Kernel, area: VmapArea): Piece {
  const width = kernel.arch.wordSize * 2;
  const { start, end, vm } = area;
  const caller = attempt(() => vmapCaller(area));
  const from = caller === undefined || caller instanceof Fault ? undefined : kernel.symbols.at(caller)?.name;
  const data = {
    vmapArea: addressJson(area.area.address),
    vmStruct: vm ? addressJson(vm.address) : undefined,
    start: addressJson(start),
    end: addressJson(end),
    size: Number(end - start),
    caller: from,
  };
  return record(data, [
    { as: "address", text: padHex(area.area.address, width), address: area.area.address },
    "  ",
    { as: "address", text: padHex(vm?.address ?? 0n, width), address: vm?.address ?? 0n },
    "  ",
    { as: "address", text: hex(start).padStart(width), address: start },
    ` - ${hex(end).padStart(width)}`,
    `  ${String(end - start).padStart(7)}`,
  ]);
}
