/** The dump level: which kinds of pages makedumpfile leaves out (makedumpfile(8), -d). */

/** One bit of the dump level. */
export interface LeftOut {
  /** The kind of pages in one or two words. */
  readonly name: string;
  /** What cannot be answered without them, as a sentence; undefined if nothing is lost. */
  readonly hides: string | undefined;
}

/** By bit, lowest first. */
const LEVEL_BITS: readonly LeftOut[] = [
  { name: "zero", hides: undefined },
  { name: "page cache", hides: "The contents of cached files cannot be read." },
  { name: "private page cache", hides: "The contents of cached files with private data cannot be read." },
  {
    name: "user",
    hides: "The memory of processes cannot be read: neither their arguments, environments and stacks nor their data.",
  },
  {
    name: "free",
    hides: "The contents of free pages cannot be read: what a freed page held before is not known.",
  },
];

/** Returns the kinds of pages that a dump level leaves out, lowest bit first. */
export const leftOut = (level: number): readonly LeftOut[] => LEVEL_BITS.filter((_, bit) => (level >> bit) & 1);
