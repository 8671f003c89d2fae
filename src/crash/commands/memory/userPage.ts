/** Pages of user address spaces: their location, or the file or swap area that they would be read from. */
import type { Translation, WalkStep } from "../../../arch/arch.ts";
import { attempt, Fault } from "../../../base/fault.ts";
import { hex } from "../../../base/hex.ts";
import { fileOffset, vmaPath } from "../../../linux/mm/vma.ts";
import type { AddressSpace } from "../../../memory/memory.ts";
import type { Obj } from "../../../model/object.ts";
import { faultSpan, type Line } from "../../../say/piece.ts";
import type { Column } from "../../../say/table.ts";
import { entrySlot, lastEntry, swapPath } from "./pageEntry.ts";

/** The location of a page of a user address space, and the page-table walk. */
export interface UserPage {
  readonly found: Translation | Fault;
  readonly steps: readonly WalkStep[];
}

export function userPage(space: AddressSpace, address: bigint): UserPage {
  const steps: WalkStep[] = [];
  return { found: space.translate(address, steps), steps };
}

/** The location that a page that is not in memory would be read from. */
export interface Origin {
  readonly kind: "swap" | "file";
  readonly path: string | Fault;
  /** Pages from the start of the swap area, or bytes from the start of the file. */
  readonly offset: number | Fault;
}

/** Returns the origin of a page; undefined for a page of anonymous memory that was never accessed. */
export function originOf(vma: Obj, address: bigint, { steps }: UserPage): Origin | undefined {
  const entry = lastEntry(vma.kernel, steps);
  const slot = entry === undefined ? undefined : entrySlot(vma.kernel, entry);
  if (slot) return { kind: "swap", path: swapPath(slot), offset: Number(slot.offset) };
  const path = attempt(() => vmaPath(vma));
  return path === undefined
    ? undefined
    : { kind: "file", path, offset: attempt(() => Number(fileOffset(vma, address))) };
}

/** Formats an origin: `SWAP: /mnt/swapfile  OFFSET: 22716`, `FILE: /bin/sh  OFFSET: 1000`. */
export function originLine({ kind, path, offset }: Origin): Line {
  const label = kind === "swap" ? "SWAP: " : "FILE: ";
  if (path instanceof Fault) return [label, faultSpan(path)];
  if (offset instanceof Fault) return [`${label}${path}  OFFSET: `, faultSpan(offset)];
  return [`${label}${path}  OFFSET: ${kind === "swap" ? offset : hex(offset)}`];
}

interface OfOrigin {
  readonly origin: () => Origin | undefined;
}

const part =
  <T>(kind: Origin["kind"], read: (origin: Origin) => T) =>
  ({ origin }: OfOrigin): T | undefined => {
    const from = origin();
    return from?.kind === kind ? read(from) : undefined;
  };

/** Columns with the origin of a page, for JSON. */
export const originColumns = {
  swap: {
    kind: "text",
    about: "file or device that contains the swapped page",
    value: part("swap", ({ path }) => path),
  },
  swapOffset: { kind: "number", unit: "pages", value: part("swap", ({ offset }) => offset) },
  file: { kind: "text", about: "file that the page would be read from", value: part("file", ({ path }) => path) },
  fileOffset: { kind: "number", unit: "bytes", value: part("file", ({ offset }) => offset) },
} as const satisfies { readonly [key: string]: Column<OfOrigin> };

/** Returns the physical address of a page; undefined if nothing is mapped. */
export const physicalOf = (found: Translation | Fault): bigint | Fault | undefined =>
  !(found instanceof Fault) ? found.physical : found.kind === "unmapped" ? undefined : found;
