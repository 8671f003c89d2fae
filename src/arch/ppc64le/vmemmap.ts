/** The array of `struct page` with the hash MMU of ppc64le, which has no entries in Linux's page tables. */
import { Fault } from "../../base/fault.ts";
import type { EntryReader, LayoutFacts, Translation, WalkStep } from "../arch.ts";

/** Maximum number of blocks of the array. Blocks of 16 MiB describe at least 16 TiB of memory. */
const MAX_BLOCKS = 1 << 16;

type VmemmapWalk = (address: bigint, read: EntryReader, trail?: WalkStep[]) => Translation | Fault | undefined;

/** The blocks of the array by their virtual address, all of the same size. */
interface Blocks {
  readonly bytes: bigint;
  readonly physical: ReadonlyMap<bigint, bigint>;
}

/**
 * Returns the translation of addresses of the array: by `vmemmap_list`, a list of `struct vmemmap_backing`
 * (arch/powerpc/mm/init_64.c), which is read once. VMCOREINFO has the symbols and offsets. The walk returns undefined
 * for other addresses.
 */
export function vmemmapOf(facts: LayoutFacts, pageOffset: bigint): VmemmapWalk | undefined {
  if (facts.symbol("vmemmap_list") === undefined) return undefined;
  // The symbol for the start of the array exists only in some kernels.
  const start = facts.symbol("vmemmap");
  let blocks: Blocks | Fault | undefined;
  return (address, read, trail = []) => {
    if (address < (start ?? pageOffset)) return undefined;
    blocks ??= blocksOf(facts, (virtual, bytes) => read(virtual - pageOffset, bytes));
    if (blocks instanceof Fault) return Fault.at(blocks.kind, address, `cannot translate: ${blocks.message}`);
    const { bytes } = blocks;
    const physical = blocks.physical.get(address & -bytes);
    if (physical === undefined)
      return start === undefined ? undefined : Fault.at("unmapped", address, "not in vmemmap_list");
    return { physical: physical + (address & (bytes - 1n)), pageBytes: bytes, steps: trail };
  };
}

/** Reads `vmemmap_list`. @param read reads from an address of the direct map */
function blocksOf(facts: LayoutFacts, read: EntryReader): Blocks | Fault {
  const shift = blockShift(facts, read);
  if (shift instanceof Fault) return shift;
  const member = (name: string, usual: bigint): bigint => facts.number(`OFFSET(vmemmap_backing.${name})`) ?? usual;
  const [next, physicalAt, virtualAt] = [member("list", 0n), member("phys", 8n), member("virt_addr", 16n)] as const;
  const physical = new Map<bigint, bigint>();
  let at = read(facts.symbol("vmemmap_list") ?? 0n, 8);
  for (let count = 0; !(at instanceof Fault) && at !== 0n && count < MAX_BLOCKS; count++) {
    const address = read(at + virtualAt, 8);
    const page = read(at + physicalAt, 8);
    if (address instanceof Fault) return address;
    if (page instanceof Fault) return page;
    physical.set(address, page);
    at = read(at + next, 8);
  }
  return at instanceof Fault ? at : { bytes: 1n << shift, physical };
}

/** Reads `mmu_psize_defs[mmu_vmemmap_psize].shift`, the page size of the array as a power of two. */
function blockShift(facts: LayoutFacts, read: EntryReader): bigint | Fault {
  const sizes = facts.symbol("mmu_psize_defs");
  const index = facts.symbol("mmu_vmemmap_psize");
  const bytes = facts.number("SIZE(mmu_psize_def)");
  if (sizes === undefined || index === undefined || bytes === undefined)
    return Fault.of("unknown", "VMCOREINFO lacks the page size of vmemmap");
  const number = read(index, 4);
  if (number instanceof Fault) return number;
  const shift = read(sizes + number * bytes + (facts.number("OFFSET(mmu_psize_def.shift)") ?? 0n), 4);
  if (shift instanceof Fault) return shift;
  const isPossible = shift >= 12n && shift <= 34n;
  return isPossible
    ? shift
    : Fault.of("corrupt", `mmu_psize_defs[${number}].shift is ${shift}, not a number from 12 to 34`);
}
