import { Fault, attempt } from "../../../../base/fault.ts";
import { memoryModel } from "../../../../linux/mm/memoryModel.ts";
import { pageFlagMask } from "../../../../linux/mm/pageFlags.ts";
import { pageStructs } from "../../../../linux/mm/pageStruct.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { progress, type Piece } from "../../../../say/piece.ts";

/** Pages with more than one user, those that were never handed out left aside. No counter knows: every page is looked at. */
export function* sharedPages(kernel: Kernel): Generator<Piece, number | Fault, void> {
  const end = attempt(() => memoryModel(kernel).runs.at(-1)?.end ?? 0);
  if (end instanceof Fault) return end;
  const reserved = pageFlagMask(kernel, "PG_reserved") ?? 0n;
  let shared = 0;
  let seen = 0;
  for (const page of pageStructs(kernel, 0, end)) {
    if (!(page instanceof Fault) && page.count > 1 && !(page.flags & reserved)) shared++;
    if (++seen % 4096 === 0) yield progress("pages", seen, end);
  }
  return shared;
}
