/** Says in which way the memory of a dump file is incomplete or misplaced. */
import { statSync } from "node:fs";
import { attemptSystem } from "../../base/systemError.ts";
import type { DumpFacts } from "../../dump/format.ts";

const bytes = (count: number): string => `${count.toLocaleString("en")} bytes`;

const REASONS: Readonly<Record<NonNullable<DumpFacts["incomplete"]>, string>> = {
  "no space": "makedumpfile ran out of space when it wrote it",
  "missing file": "it has several files, and not all were given. Name all of them, in any order",
  "ends early": "its file ends before its last page. Compare its size with the original and copy it again",
};

/** Time in milliseconds since the last change of a file within which it may still be written. */
const BEING_WRITTEN = 30_000;

/** Whether a file was changed just now. */
function isFresh(path: string): boolean {
  const changed = attemptSystem(() => statSync(path).mtimeMs) ?? 0;
  return Math.abs(Date.now() - changed) < BEING_WRITTEN;
}

/** Returns a sentence on what is missing from a dump file; undefined if nothing is known to be missing. */
export function shortfall({ cut, incomplete, files }: DumpFacts): string | undefined {
  if (cut) {
    const [file, has] = files.length > 1 ? ["files", "have"] : ["file", "has"];
    const remedy = files.some(isFresh)
      ? `It was changed less than ${BEING_WRITTEN / 1000} seconds ago: if it is still being written, open it again when it is complete.`
      : "Compare its size with the original and copy it again.";
    return `The dump was cut off: its ${file} ${has} ${bytes(cut.size)}, and should have at least ${bytes(cut.expected)}. ${remedy}`;
  }
  return incomplete && `The dump is incomplete: ${REASONS[incomplete]}.`;
}

/** Returns a sentence on raw memory whose ranges the user gave, and which does not lead to a kernel. */
export const wrongBase = ({ files }: DumpFacts): string =>
  `Check --base (in a launch configuration "base"): it must give the physical address of each byte of ${files.join(", ")}, as "System RAM" in the machine's /proc/iomem.`;
