import type { DumpFacts } from "../../dump/format.ts";

const bytes = (count: number): string => `${count.toLocaleString("en")} bytes`;

/** What a dump lacks of what was to be in it, in a sentence; undefined when nothing says that it lacks anything. */
export function shortfall({ cut, incomplete, files }: DumpFacts): string | undefined {
  if (cut) {
    const [file, has] = files.length > 1 ? ["files", "have"] : ["file", "has"];
    return `The dump was cut off: its ${file} ${has} ${bytes(cut.size)}, and should have at least ${bytes(cut.expected)}. Compare with the size of the original and copy it again.`;
  }
  return incomplete
    ? "The dump is incomplete: makedumpfile ran out of space, or a file of a split dump was not given."
    : undefined;
}
