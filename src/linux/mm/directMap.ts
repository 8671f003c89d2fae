/** The direct map: the kernel's linear mapping of all physical memory. */
import { attempt, Fault, orThrow } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { globalWord, noteSymbol } from "../vmcoreinfo.ts";

/**
 * Difference between a direct-map address and its physical address (`__va()`), in bytes.
 * x86_64 has it in `page_offset_base`. Other architectures: computed from the first `struct kmem_cache` of
 * `slab_caches`, because the slab allocator allocates in the direct map and the page tables give the physical address.
 * Without that symbol, computed from other addresses that can be in the direct map; the page tables confirm it.
 * @throws Fault
 */
export const directMapOffset = derived("direct map", (kernel): bigint => {
  const base = globalWord(kernel, "page_offset_base");
  if (base !== undefined) return base;
  const cache = attempt(() => kernel.memory.word(noteSymbol(kernel, "slab_caches")));
  if (!(cache instanceof Fault)) return offsetOf(kernel, cache);
  const other = candidates(kernel).find((offset) => mapsMemory(kernel, offset));
  if (other === undefined) throw cache;
  return other;
});

/** Returns the difference between a mapped address and its physical address, in bytes. @throws Fault */
const offsetOf = (kernel: Kernel, address: bigint): bigint =>
  address - orThrow(kernel.memory.translate(address)).physical;

/**
 * Offsets of addresses that are in the direct map on some machines: the root table, which is a part of the kernel
 * image (arm, i386, ppc64le, s390x), and the second task, which the slab allocator allocated.
 */
function candidates(kernel: Kernel): bigint[] {
  const addresses = [
    () => noteSymbol(kernel, "swapper_pg_dir"),
    () => kernel.object("struct task_struct", noteSymbol(kernel, "init_task")).at("tasks.next").value(),
  ];
  return addresses.flatMap((find) => {
    const offset = attempt(() => offsetOf(kernel, find()));
    return offset instanceof Fault ? [] : [offset];
  });
}

/** Distance in bytes of the pages that confirm an offset. A mapping of the kernel image alone is shorter. */
const SAMPLE_BYTES = 64n << 20n;
/** Number of pages that confirm an offset: 32-bit machines map less than a gigabyte. */
const SAMPLES = 8;

/** Whether the page tables map physical memory at this offset, also far from the start of memory. */
function mapsMemory({ memory }: Kernel, offset: bigint): boolean {
  const first = memory.physical.next(0n) ?? 0n;
  let confirmed = 0;
  for (let i = 1n; i <= SAMPLES; i++) {
    const page = memory.physical.next(first + i * SAMPLE_BYTES);
    if (page === undefined || page > first + BigInt(SAMPLES) * SAMPLE_BYTES) break;
    if (!isMapped(memory, offset, page)) return false;
    confirmed++;
  }
  return confirmed > 0;
}

function isMapped(memory: Kernel["memory"], offset: bigint, physical: bigint): boolean {
  const found = memory.translate(offset + physical);
  return !(found instanceof Fault) && found.physical === physical;
}

/** Step in which the end of a direct map is searched: the kernel maps it by sections of at least this size. */
const SECTION_BYTES = 1n << 20n;
/** Longest direct map of a 32-bit machine. */
const LONGEST_BYTES = 1n << 32n;

/**
 * Address range of the direct map, from the memory that the dump contains and the page tables. Use it if the kernel's
 * own variables are unknown. @throws Fault as `directMapOffset`
 */
export function mappedMemory(kernel: Kernel): { readonly start: bigint; readonly end: bigint } {
  const { memory, arch } = kernel;
  const offset = directMapOffset(kernel);
  const first = memory.physical.next(0n) ?? 0n;
  let end = memory.physical.end;
  // With 32 bits there can be more memory than the direct map can hold.
  if (arch.wordSize === 4) {
    const limit = end < first + LONGEST_BYTES ? end : first + LONGEST_BYTES;
    for (end = first; end < limit && isMapped(memory, offset, end); end += SECTION_BYTES);
  }
  return { start: offset + first, end: offset + end };
}

/** Returns the direct-map address of a physical address (`__va()`). @throws Fault as `directMapOffset` */
export const physicalToVirtual = (kernel: Kernel, physical: bigint): bigint =>
  BigInt.asUintN(kernel.arch.wordSize * 8, physical + directMapOffset(kernel));
