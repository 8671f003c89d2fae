/** Memory maps of firmware and memblock. */
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/** A range of physical memory and its use. */
export interface MemoryRange {
  readonly start: bigint;
  /** The end, exclusive. */
  readonly end: bigint;
  /** "E820_RAM", "MEMORY", "RESERVED". */
  readonly type: string;
}

/** enum e820_type, arch/x86/include/asm/e820/types.h, with the names from before it was an enum. */
const E820_TYPES: ReadonlyMap<number, string> = new Map([
  [1, "E820_RAM"],
  [2, "E820_RESERVED"],
  [3, "E820_ACPI"],
  [4, "E820_NVS"],
  [5, "E820_UNUSABLE"],
  [7, "E820_PMEM"],
  [12, "E820_PRAM"],
  [128, "E820_RESERVED_KERN"],
  [0xefffffff, "E820_SOFT_RESERVED"],
]);

/** Maximum number of entries; E820_MAX_ENTRIES is 128 plus three for each of 1024 nodes. */
const MAX_ENTRIES = 8192;

/**
 * Yields the memory map that an x86 kernel got from its firmware. `e820_table` points to it since Linux kernel commit
 * 544a0f47e780 ("x86/boot/e820: Rename e820_table_saved to e820_table_firmware...") (in v4.12); before, it is `e820`.
 * @throws Fault
 */
export function* e820Entries(kernel: Kernel): Generator<MemoryRange, void, void> {
  const pointer = globalAddress(kernel, "e820_table");
  const table =
    pointer === undefined
      ? kernel.object("struct e820map", globalAddress(kernel, "e820") ?? 0n)
      : kernel.object("struct e820_table", kernel.memory.word(pointer));
  const entries = table.at(table.has("entries") ? "entries" : "map");
  const count = Math.min(table.at(table.has("nr_entries") ? "nr_entries" : "nr_map").number(), MAX_ENTRIES);
  for (let i = 0; i < count; i++) {
    const entry = entries.index(i);
    const start = entry.at("addr").value();
    const type = entry.at("type").number() >>> 0;
    yield { start, end: start + entry.at("size").value(), type: E820_TYPES.get(type) ?? `type ${type}` };
  }
}

/** Maximum number of regions of memblock. */
const MAX_REGIONS = 1 << 16;

/**
 * Yields the regions of `memblock` (mm/memblock.c) on architectures that keep it after boot: first the existing memory,
 * then what was reserved before the page allocator started. @throws Fault
 */
export function* memblockRegions(kernel: Kernel): Generator<MemoryRange, void, void> {
  const memblock = kernel.variable("memblock");
  for (const name of ["memory", "reserved"]) {
    const type: Obj = memblock.at(name);
    const count = Math.min(type.at("cnt").number(), MAX_REGIONS);
    for (let i = 0; i < count; i++) {
      const region = type.at("regions").index(i);
      const start = region.at("base").value();
      yield { start, end: start + region.at("size").value(), type: name.toUpperCase() };
    }
  }
}
