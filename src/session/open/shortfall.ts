/** Says in which way a dump file is incomplete. */
import type { DumpFacts } from "../../dump/format.ts";

const bytes = (count: number): string => `${count.toLocaleString("en")} bytes`;

/** Returns a sentence on what is missing from a dump file; undefined if nothing is known to be missing. */
export function shortfall({ cut, incomplete, files }: DumpFacts): string | undefined {
  if (cut) {
    const [file, has] = files.length > 1 ? ["files", "have"] : ["file", "has"];
    return `The dump was cut off: its ${file} ${has} ${bytes(cut.size)}, and should have at least ${bytes(cut.expected)}. Compare its size with the original and copy it again.`;
  }
  return incomplete
    ? "The dump is incomplete: makedumpfile ran out of space, or a file of a split dump was not given."
    : undefined;
}
