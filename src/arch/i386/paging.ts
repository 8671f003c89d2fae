/** Page tables of i386, with PAE and without. Source: Intel SDM volume 3, chapter "Paging". */
import { Fault } from "../../base/fault.ts";
import type { LayoutFacts, Paging } from "../arch.ts";
import { type PteFormat, swapFields } from "../pte.ts";
import type { PageTableEntry, TableLevel } from "../walk.ts";
import { walkTables } from "../walk.ts";

/** Source: arch/x86/include/asm/pgtable_types.h. */
const PAGE_PRESENT = 1n << 0n;
const PAGE_PSE = 1n << 7n;
const PAGE_PROTNONE = 1n << 8n;
const PAE_MASK = 0x000ffffffffff000n;

/**
 * CONFIG_PAGE_OFFSET by CONFIG_VMSPLIT_*: the possible starts of kernel addresses, in descending order. The kernel image
 * is taken to begin above the first one that is not greater than its addresses. With KASLR, which moves the image by up
 * to 512 MiB, that is wrong if the image has passed the next start: 0xb0000000 becomes 0xc0000000, and 0x78000000
 * becomes 0x80000000. No line of VMCOREINFO tells them apart.
 */
const PAGE_OFFSETS = [0xc0000000n, 0xb0000000n, 0x80000000n, 0x78000000n, 0x40000000n];

/** Size in bytes of the linear range in which the kernel image is assumed to be; the image is smaller. */
const IMAGE_LIMIT = 1n << 25n;

/**
 * Whether an entry has an inverted frame number. With PAE, entries that are not present but not empty, such as those of
 * PROT_NONE, have one against L1TF (asm/pgtable-invert.h); the inverted upper bits show that an entry has 8 bytes.
 */
const isInverted = (entry: bigint): boolean => (entry & PAGE_PRESENT) === 0n && entry >> 32n !== 0n;

export const pte: PteFormat = {
  flags: [
    ["PRESENT", PAGE_PRESENT],
    ["RW", 1n << 1n],
    ["USER", 1n << 2n],
    ["PWT", 1n << 3n],
    ["PCD", 1n << 4n],
    ["ACCESSED", 1n << 5n],
    ["DIRTY", 1n << 6n],
    ["PSE", PAGE_PSE],
    ["GLOBAL", 1n << 8n],
    ["NX", 1n << 63n],
  ],
  isPresent: (entry) => (entry & (PAGE_PRESENT | PAGE_PROTNONE)) !== 0n,
  physical: (entry) => (isInverted(entry) ? ~entry : entry) & PAE_MASK,
  swapEntries: (entry) => [
    // With PAE since v4.18: as on x86_64 (asm/pgtable-3level.h).
    { type: Number(entry >> 59n), offset: BigInt.asUintN(64, ~entry << 5n) >> 14n },
    // With PAE before: type and offset are in the upper half.
    swapFields(entry >> 32n, 0, 5, 5),
    // Without PAE (asm/pgtable-2level.h).
    swapFields(BigInt.asUintN(32, entry), 1, 5, 9),
  ],
};

export function paging(facts: LayoutFacts): Paging {
  const levels = facts.text("CONFIG_X86_PAE") === "y" ? paeLevels : plainLevels;
  const rootAddress = facts.symbol("swapper_pg_dir");
  const stext = facts.symbol("_stext");
  const known = rootAddress ?? stext;
  const pageOffset = PAGE_OFFSETS.find((offset) => known !== undefined && offset <= known) ?? 0xc0000000n;
  const canonical = (address: bigint): bigint => BigInt.asUintN(32, address);
  return {
    kernelRoot: facts.pageTableRoot ?? (rootAddress === undefined ? undefined : rootAddress - pageOffset),
    rootAddress,
    pageSize: 4096,
    linear:
      stext === undefined
        ? []
        : [{ name: "kernel image", start: stext, end: stext + IMAGE_LIMIT, physical: stext - pageOffset }],
    imageWindow: undefined,
    canonical,
    isKernelAddress: (address) => canonical(address) >= pageOffset,
    isUserAddress: (address) => canonical(address) < pageOffset,
    walk(root, address, read, trail) {
      if (address >> 32n !== 0n) return Fault.at("unmapped", address, "not a 32-bit address");
      return walkTables(levels, root, address, read, trail);
    },
    facts: new Map<string, bigint>([
      ["VA_BITS", 32n],
      ["page table levels", BigInt(levels.length)],
      ["PAGE_OFFSET", pageOffset],
    ]),
  };
}

/** Four entries in the root, then tables of 512 entries. */
const paeLevels: readonly TableLevel[] = [
  { name: "PGD", shift: 30, bits: 2, entryBytes: 8, decode: (entry) => table(entry, PAE_MASK) },
  {
    name: "PMD",
    shift: 21,
    bits: 9,
    entryBytes: 8,
    decode: (entry) => ((entry & PAGE_PSE) === 0n ? table(entry, PAE_MASK) : page(entry, 1n << 21n)),
  },
  { name: "PTE", shift: 12, bits: 9, entryBytes: 8, decode: (entry) => page(entry, 4096n) },
];

const plainLevels: readonly TableLevel[] = [
  {
    name: "PGD",
    shift: 22,
    bits: 10,
    entryBytes: 4,
    decode: (entry) => ((entry & PAGE_PSE) === 0n ? table(entry, 0xfffff000n) : largePage(entry)),
  },
  { name: "PTE", shift: 12, bits: 10, entryBytes: 4, decode: (entry) => page(entry, 4096n) },
];

const table = (entry: bigint, mask: bigint): PageTableEntry | undefined =>
  (entry & PAGE_PRESENT) === 0n ? undefined : { physical: entry & mask, pageBytes: undefined };

/**
 * Decodes an entry of a page; undefined if it maps nothing. A large entry that is being split has PSE as its only
 * present bit (pmd_present()).
 */
function page(entry: bigint, pageBytes: bigint): PageTableEntry | undefined {
  const present = PAGE_PRESENT | PAGE_PROTNONE | (pageBytes === 4096n ? 0n : PAGE_PSE);
  return (entry & present) === 0n ? undefined : { physical: pte.physical(entry), pageBytes };
}

/**
 * Decodes an entry of a page of 4 MiB, which has address bits 39:32 in bits 20:13 (PSE-36); undefined if it maps
 * nothing.
 */
const largePage = (entry: bigint): PageTableEntry | undefined =>
  (entry & (PAGE_PRESENT | PAGE_PROTNONE | PAGE_PSE)) === 0n
    ? undefined
    : { physical: (entry & 0xffc00000n) | (((entry >> 13n) & 0xffn) << 32n), pageBytes: 1n << 22n };
