import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";

/** One constant of `enum pageflags` (include/linux/page-flags.h). */
export interface PageFlag {
  /** "PG_locked". */
  readonly name: string;
  readonly bit: number;
}

/** Every flag in the order of its declaration; several may share a bit. Empty when no type source has the enum. */
export const pageFlags = derived("page flags", (kernel): readonly PageFlag[] => {
  const type = kernel.types.find("enum", "pageflags");
  if (type?.kind !== "enum") return [];
  return type.values
    .filter(({ name, value }) => name.startsWith("PG_") && value >= 0n && value < 64n)
    .map(({ name, value }) => ({ name, bit: Number(value) }));
});

/** The mask of one flag; undefined for a kernel that has it not, or no more (PG_slab since v6.10). */
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

/**
 * Names of the bits set in a page's `flags`, without "PG_": of several names for a bit the one declared first, which
 * is the bit's own. The bits above, zone and node and section, have no names.
 */
export function pageFlagNames(kernel: Kernel, flags: bigint): readonly string[] {
  const names = flagNamesByBit(kernel);
  return names.filter((name, bit): name is string => name !== undefined && ((flags >> BigInt(bit)) & 1n) === 1n);
}

/** What kind of page the word that is otherwise `_mapcount` tells of. */
export type PageType = "buddy" | "slab" | "offline" | "hugetlb";

/**
 * Whether a page's `page_type` says so.
 *
 * Until v6.11 types are bits that are cleared in an all-ones word; since Linux kernel commit 4ffca5a96678 ("mm: support
 * only one page_type per page") (in v6.12) they are a number in the highest byte. VMCOREINFO has the word's value:
 * with the number, its low bytes are zero.
 */
export function pageTypeTest(kernel: Kernel, type: PageType): ((word: number) => boolean) | undefined {
  const noted = kernel.vmcoreinfo(`NUMBER(PAGE_${type.toUpperCase()}_MAPCOUNT_VALUE)`);
  if (noted === undefined) return undefined;
  const value = Number(noted) >>> 0;
  if ((value & 0xff_ffff) === 0) return (word) => word >>> 24 === value >>> 24;
  return (word) => word >>> 0 === value;
}
