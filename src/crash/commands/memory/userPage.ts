import type { Translation, WalkStep } from "../../../arch/arch.ts";
import { attempt, Fault } from "../../../base/fault.ts";
import { hex } from "../../../base/hex.ts";
import { fileOffset, vmaPath } from "../../../linux/mm/vma.ts";
import type { AddressSpace } from "../../../memory/memory.ts";
import type { Obj } from "../../../model/object.ts";
import { faultSpan, type Line } from "../../../say/piece.ts";
import { lastEntry, swapLine } from "./pageEntry.ts";

/** Where a page of a user address space is, and the walk that told. */
export interface UserPage {
  readonly found: Translation | Fault;
  readonly steps: readonly WalkStep[];
}

export function userPage(space: AddressSpace, address: bigint): UserPage {
  const steps: WalkStep[] = [];
  return { found: space.translate(address, steps), steps };
}

/** The physical address; for a page that is not there where it would come from, or why that is not known. */
export function placeOf(vma: Obj | undefined, address: bigint, page: UserPage): Line {
  const { found } = page;
  if (!(found instanceof Fault)) return [hex(found.physical).padStart(8)];
  return found.kind === "unmapped" ? (originOf(vma, address, page) ?? ["(not mapped)"]) : [faultSpan(found)];
}

/** `SWAP: /mnt/swapfile  OFFSET: 22716`, `FILE: /bin/sh  OFFSET: 1000`; undefined for a page never touched. */
export function originOf(vma: Obj | undefined, address: bigint, { steps }: UserPage): Line | undefined {
  const entry = vma && lastEntry(vma.kernel, steps);
  const swapped = vma && entry ? swapLine(vma.kernel, entry) : undefined;
  if (swapped) return swapped;
  const path = vma && attempt(() => vmaPath(vma));
  if (vma === undefined || path === undefined) return undefined;
  if (path instanceof Fault) return ["FILE: ", faultSpan(path)];
  return [`FILE: ${path}  OFFSET: ${hex(fileOffset(vma, address))}`];
}
