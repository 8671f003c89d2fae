/** The dump level: which kinds of pages makedumpfile leaves out (makedumpfile(8), -d). */

/** One bit of the dump level. */
export interface LeftOut {
  /** The kind of pages in a few words. */
  readonly name: string;
  /** What cannot be answered without them, as a sentence; undefined if nothing is lost. */
  readonly hides: string | undefined;
}

/** By bit, lowest first. */
const LEVEL_BITS: readonly LeftOut[] = [
  { name: "zero", hides: undefined },
  { name: "page cache", hides: "The contents of cached files cannot be read." },
  {
    name: "private page cache",
    hides:
      "The contents of cached pages to which a file system has attached its own data, such as buffers, cannot be read.",
  },
  {
    name: "user",
    hides: "The memory of processes cannot be read: neither their arguments, environments and stacks nor their data.",
  },
  {
    name: "free",
    hides: "The contents of free pages cannot be read: what a freed page held before is not known.",
  },
];

/** The bits of the page cache: without private data, and with and without it (makedumpfile(8), the table of -d). */
const CACHE = 2;
const ALL_CACHE = 4;

/** Returns the kinds of pages that a dump level leaves out, lowest bit first. */
export function leftOut(level: number): readonly LeftOut[] {
  const bits = level & ALL_CACHE ? level | CACHE : level;
  return LEVEL_BITS.filter((_, bit) => (bits >> bit) & 1);
}
