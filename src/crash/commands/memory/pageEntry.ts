import type { WalkStep } from "../../../arch/arch.ts";
import { attempt, Fault } from "../../../base/fault.ts";
import { hex } from "../../../base/hex.ts";
import { filePath } from "../../../linux/fs/dcache.ts";
import { swapSlot, type SwapSlot } from "../../../linux/mm/swapEntry.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { cell, type Cell } from "../../../say/cell.ts";
import { middle, right } from "../../../render/pad.ts";
import { record, text, type Line, type Piece, addressJson } from "../../../say/piece.ts";

/** The entry at which a walk ended, as the kernel has it: on arm it keeps one of its own beside the hardware's. */
export function lastEntry(kernel: Kernel, steps: readonly WalkStep[]): bigint | undefined {
  const place = kernel.arch.pte?.ownEntry?.(steps);
  if (place === undefined) return steps.at(-1)?.entry;
  const own = attempt(() => kernel.memory.physical.u32(place));
  return own instanceof Fault ? undefined : BigInt(own);
}

/** The entry of a page that is larger than those of the last level: its bits are the hardware's. */
export function largePagePiece(entry: bigint, page: bigint): Piece {
  const widths = [Math.max(3, hex(entry).length), Math.max(8, hex(page).length)] as const;
  return record(
    { pte: addressJson(entry), physical: addressJson(page) },
    [{ as: "title", text: `${center("PTE", widths[0])}  ${center("PHYSICAL", widths[1])}` }],
    [...right(hex(entry), widths[0]), "  ", ...middle(hex(page), widths[1])],
  );
}

/** What a page-table entry says: the page and its bits, or the place in swap; as `pte` shows it. */
export function ptePiece(kernel: Kernel, entry: bigint): Piece {
  const format = kernel.arch.pte;
  if (!format) return text(`${hex(entry)}  (how this architecture lays out page-table entries is not known)`);
  const slot = entry === 0n || format.isPresent(entry) ? undefined : swapSlot(kernel, entry);
  if (slot) return swapPiece(entry, slot);
  const flags = format.flags.filter(([, mask]) => (entry & mask) !== 0n).map(([name]) => name);
  const physical = format.isPresent(entry) || flags.length > 0 ? format.physical(entry) : 0n;
  const widths = [Math.max(3, hex(entry).length), Math.max(8, hex(physical).length)] as const;
  const data = { pte: addressJson(entry), physical: addressJson(physical), present: format.isPresent(entry), flags };
  const said = flags.length > 0 ? `(${flags.join("|")})` : entry === 0n ? "(no mapping)" : "(not present)";
  return record(
    data,
    [{ as: "title", text: `${center("PTE", widths[0])}  ${center("PHYSICAL", widths[1])}  FLAGS` }],
    [...right(hex(entry), widths[0]), "  ", ...middle(hex(physical), widths[1]), `  ${said}`],
  );
}

function swapPiece(entry: bigint, { area, offset }: SwapSlot): Piece {
  const path = swapPath({ area, offset });
  const data = {
    pte: addressJson(entry),
    swapInfo: addressJson(area.address),
    swap: path.json,
    offset: Number(offset),
  };
  const width = typeof path.span === "string" ? path.span.length : 4;
  return record(
    data,
    [{ as: "title", text: `${center("PTE", hex(entry).length)}  ${center("SWAP", width)}  OFFSET` }],
    [hex(entry), "  ", path.span, `  ${offset}`],
  );
}

/** The file or device that a slot is on. */
export const swapPath = ({ area }: SwapSlot): Cell => cell(() => filePath(area.at("swap_file").deref()));

/** `SWAP: /mnt/swapfile  OFFSET: 22716`: where an entry's page was swapped to; undefined when it was not. */
export function swapLine(kernel: Kernel, entry: bigint): Line | undefined {
  const slot = swapSlot(kernel, entry);
  return slot && ["SWAP: ", swapPath(slot).span, `  OFFSET: ${slot.offset}`];
}

const center = (title: string, width: number): string =>
  title.padStart(Math.floor((width - title.length) / 2) + title.length).padEnd(width);
