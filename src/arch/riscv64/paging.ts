/** Page tables of riscv64: Sv39, Sv48 and Sv57. Source: RISC-V Privileged Architecture, chapter "Supervisor-Level ISA". */
import { Fault } from "../../base/fault.ts";
import type { LayoutFacts, Paging } from "../arch.ts";
import { layoutNumbers } from "../layoutNumbers.ts";
import { type PteFormat, swapFields } from "../pte.ts";
import type { PageTableEntry, TableLevel } from "../walk.ts";
import { spacesFrom } from "../spaces.ts";
import { walkTables } from "../walk.ts";

/** Bits of an entry: the hardware's, and the kernel's use of the others (asm/pgtable-bits.h). */
const PRESENT = 1n << 0n;
const GLOBAL = 1n << 5n;
const LEAF = 7n << 1n;
/** Svnapot: 16 pages of 4 KiB that are aligned to 64 KiB. */
const NAPOT = 1n << 63n;
const NAPOT_SHIFT = 16n;
const PPN_SHIFT = 10n;
const PPN_BITS = 44;

/** Size in bytes of the linear range in which the kernel image is assumed to be; the image is smaller. */
const IMAGE_LIMIT = 1n << 28n;

/**
 * Whether an entry maps a page: it is valid, or has _PAGE_PROT_NONE, which is the global bit of an invalid entry since
 * v5.17. Before, it was the read bit, which a swap entry can have set too.
 */
const isPresent = (entry: bigint): boolean => (entry & (PRESENT | GLOBAL)) !== 0n;
const physical = (entry: bigint): bigint => BigInt.asUintN(PPN_BITS, entry >> PPN_SHIFT) << 12n;

/** Numbers of the layout in VMCOREINFO. */
const LAYOUT_KEYS = [
  "PAGE_OFFSET",
  "phys_ram_base",
  "va_kernel_pa_offset",
  "KERNEL_LINK_ADDR",
  "MODULES_VADDR",
  "MODULES_END",
  "VMALLOC_START",
  "VMALLOC_END",
  "VMEMMAP_START",
  "VMEMMAP_END",
];

export const pte: PteFormat = {
  flags: [
    ["PRESENT", PRESENT],
    ["READ", 1n << 1n],
    ["WRITE", 1n << 2n],
    ["EXEC", 1n << 3n],
    ["USER", 1n << 4n],
    ["GLOBAL", GLOBAL],
    ["ACCESSED", 1n << 6n],
    ["DIRTY", 1n << 7n],
    ["SPECIAL", 1n << 8n],
    ["NOCACHE", 1n << 61n],
    ["IO", 1n << 62n],
    ["NAPOT", NAPOT],
  ],
  isPresent,
  physical: (entry) => ((entry & NAPOT) === 0n ? physical(entry) : physical(entry) & -(1n << NAPOT_SHIFT)),
  // asm/pgtable.h since v6.3 (with the exclusive marker), since v5.17 (with _PAGE_PROT_NONE in bit 5), and before.
  swapEntries: (entry) => [swapFields(entry, 7, 5, 12), swapFields(entry, 6, 5, 11), swapFields(entry, 2, 5, 7)],
};

export function paging(facts: LayoutFacts): Paging {
  const virtualBits = Number(facts.number("NUMBER(VA_BITS)") ?? 0n);
  if (![39, 48, 57].includes(virtualBits))
    throw Fault.of("unknown", "VMCOREINFO lacks the width of virtual addresses (VA_BITS)");
  const levels = tableLevels(virtualBits);
  const offset = facts.number("NUMBER(va_kernel_pa_offset)");
  const rootAddress = facts.symbol("swapper_pg_dir");
  const stext = facts.symbol("_stext");
  const inImage = (address: bigint | undefined): bigint | undefined =>
    address === undefined || offset === undefined ? undefined : BigInt.asUintN(64, address - offset);
  const start = inImage(stext);
  return {
    kernelRoot: facts.pageTableRoot ?? inImage(rootAddress),
    rootAddress,
    pageSize: 4096,
    linear:
      stext === undefined || start === undefined
        ? []
        : [{ name: "kernel image", start: stext, end: stext + IMAGE_LIMIT, physical: start }],
    imageWindow: undefined,
    ...spacesFrom(1n << 63n),
    walk(root, address, read, trail) {
      if (BigInt.asUintN(64, BigInt.asIntN(virtualBits, address)) !== address)
        return Fault.at("unmapped", address, "not a canonical address");
      return walkTables(levels, root, address, read, trail);
    },
    facts: layoutNumbers(facts, virtualBits, levels.length, LAYOUT_KEYS),
  };
}

/** Returns the levels from the root on. The kernel folds levels below the top, so the root is always a PGD. */
function tableLevels(virtualBits: number): readonly TableLevel[] {
  const count = (virtualBits - 12) / 9;
  const names = ["PGD", ...["P4D", "PUD", "PMD", "PTE"].slice(5 - count)];
  return names.map((name, depth): TableLevel => {
    const shift = 12 + (count - 1 - depth) * 9;
    return { name, shift, bits: 9, entryBytes: 8, decode: (entry) => decode(entry, 1n << BigInt(shift)) };
  });
}

function decode(entry: bigint, span: bigint): PageTableEntry | undefined {
  const isLast = span === 4096n;
  if (!isPresent(entry)) return undefined;
  if ((entry & PRESENT) === 0n) return { physical: physical(entry), pageBytes: span };
  if ((entry & LEAF) === 0n) return isLast ? undefined : { physical: physical(entry), pageBytes: undefined };
  const pageBytes = isLast && (entry & NAPOT) !== 0n ? 1n << NAPOT_SHIFT : span;
  return { physical: physical(entry), pageBytes };
}
