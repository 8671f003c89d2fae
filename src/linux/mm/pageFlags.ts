/** Page flags and page types. */
import { Lru } from "../../base/lru.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";

/** One constant of `enum pageflags` (include/linux/page-flags.h). */
export interface PageFlag {
  /** "PG_locked". */
  readonly name: string;
  readonly bit: number;
}

/**
 * Page flags in the order of their declaration; several can have the same bit. Empty if no type source has `enum
 * pageflags`.
 */
export const pageFlags = derived("page flags", (kernel): readonly PageFlag[] => {
  const type = kernel.types.find("enum", "pageflags");
  if (type?.kind !== "enum") return [];
  return type.values
    .filter(({ name, value }) => name.startsWith("PG_") && value >= 0n && value < 64n)
    .map(({ name, value }) => ({ name, bit: Number(value) }));
});

/** Returns the mask of one flag; undefined if this kernel does not have it (PG_slab was removed in v6.10). */
export function pageFlagMask(kernel: Kernel, name: string): bigint | undefined {
  const flag = pageFlags(kernel).find((one) => one.name === name);
  const noted = flag ? undefined : kernel.vmcoreinfo(`NUMBER(${name})`);
  const bit = flag?.bit ?? (noted === undefined ? undefined : Number(noted));
  return bit === undefined || !(bit >= 0 && bit < 64) ? undefined : 1n << BigInt(bit);
}

const flagNamesByBit = derived("page flag names", (kernel) => {
  const byBit: (string | undefined)[] = [];
  for (const { name, bit } of pageFlags(kernel)) byBit[bit] ??= name.slice("PG_".length);
  return byBit;
});

/** Number of flag words whose names are kept: millions of pages share some hundred words. */
const KEPT_WORDS = 1024;

const namesByFlags = derived("names by page flags", () => new Lru<bigint, readonly string[]>(KEPT_WORDS));

/**
 * Returns the names, without "PG_", of the bits set in a page's `flags`. If a bit has several names, the one declared
 * first is the bit's own. The upper bits, which contain zone, node and section, have no names.
 */
export function pageFlagNames(kernel: Kernel, flags: bigint): readonly string[] {
  const kept = namesByFlags(kernel);
  let names = kept.get(flags);
  if (!names) {
    names = flagNamesByBit(kernel).filter(
      (name, bit): name is string => name !== undefined && ((flags >> BigInt(bit)) & 1n) === 1n,
    );
    kept.set(flags, names);
  }
  return names;
}

/** A kind of page that the kernel marks in the word of `_mapcount`. */
export type PageType = "buddy" | "slab" | "offline" | "hugetlb";

/**
 * Returns a function that checks the page type of a page; undefined if VMCOREINFO does not have the type's value.
 * Until v6.11 types are bits that are cleared in an all-ones word. Since Linux kernel commit 4ffca5a96678 ("mm: support
 * only one page_type per page") (in v6.12) they are a number in the highest byte. VMCOREINFO has the value of the word:
 * with a number, its low bytes are zero.
 */
export function pageTypeTest(kernel: Kernel, type: PageType): ((word: number) => boolean) | undefined {
  const noted = kernel.vmcoreinfo(`NUMBER(PAGE_${type.toUpperCase()}_MAPCOUNT_VALUE)`);
  if (noted === undefined) return undefined;
  const value = Number(noted) >>> 0;
  if ((value & 0xff_ffff) === 0) return (word) => word >>> 24 === value >>> 24;
  return (word) => word >>> 0 === value;
}
