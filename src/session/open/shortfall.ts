/** Says in which way a dump file is incomplete. */
import { statSync } from "node:fs";
import { attemptSystem } from "../../base/systemError.ts";
import type { DumpFacts } from "../../dump/format.ts";

const bytes = (count: number): string => `${count.toLocaleString("en")} bytes`;

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
  return incomplete
    ? "The dump is incomplete: makedumpfile ran out of space, or a file of a split dump was not given."
    : undefined;
}
