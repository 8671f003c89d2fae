/** Finds a guest's memory and the registers of its CPUs in a VMware checkpoint. */
import { viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import type { ProcessorRegisters } from "../processorNotes.ts";
import type { MemoryRange } from "../ranges.ts";
import { tagsOf } from "./checkpoint.ts";

const PAGE_BYTES = 4096;
/** Maximum numbers of regions and of CPUs, because the indexes of tags in a damaged file can have any value. */
const MAX_REGIONS = 1024;
const MAX_CPUS = 4096;

/** Where a guest's memory is. */
export interface GuestMemory {
  /** The block of memory in the checkpoint; undefined if memory is in a .vmem file. */
  readonly block: { readonly at: number; readonly size: number } | undefined;
  /** Ranges of physical memory, with offsets from the beginning of the memory; empty if it has no holes. */
  readonly regions: readonly MemoryRange[];
}

/**
 * Reads the group "memory". A region has the tags regionPPN (first page of physical memory), regionPageNum (first page
 * of the stored memory) and regionSize (pages).
 * @throws Fault corrupt or truncated
 */
export function memoryOf(file: RandomFile): GuestMemory {
  let block: GuestMemory["block"];
  const regions = new Map<number, Record<string, number>>();
  for (const tag of tagsOf(file, "memory")) {
    if (tag.name === "Memory") {
      if (tag.isCompressed)
        throw Fault.of(
          "corrupt",
          `${file.name}: a VMware snapshot with compressed memory is not read: convert it with VMware's vmss2core`,
        );
      block ??= { at: tag.at, size: tag.size };
    }
    const [index = 0] = tag.indexes;
    if (!tag.name.startsWith("region") || tag.indexes.length === 0 || index >= MAX_REGIONS) continue;
    const region = regions.get(index) ?? {};
    region[tag.name] = Number(wordAt(file, tag.at, 4));
    regions.set(index, region);
  }
  const ranges = [...regions.values()].map((one) => ({
    physical: (one["regionPPN"] ?? 0) * PAGE_BYTES,
    offset: (one["regionPageNum"] ?? 0) * PAGE_BYTES,
    fileSize: (one["regionSize"] ?? 0) * PAGE_BYTES,
  }));
  return { block, regions: ranges.filter(({ fileSize }) => fileSize > 0) };
}

/** The order of the block "gpregs". */
const GENERAL = ["rax", "rcx", "rdx", "rbx", "rbp", "rsp", "rsi", "rdi"] as const;
const EXTENDED = ["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"] as const;
/** Registers by the name of the tag that contains only the register. */
const OWN_TAGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...GENERAL, ...EXTENDED, "rip"].map((name) => [name, name])),
  eflags: "rflags",
  EFLAGS: "rflags",
};

/**
 * Reads the group "cpu". Registers are tags of their own, or blocks: "gpregs", "CR64" (control registers) and "IDTR",
 * whose base follows its 2 bytes of limit. The first index is the CPU.
 * @returns the registers of each CPU in the order of their numbers
 */
export function processorsOf(file: RandomFile): readonly ProcessorRegisters[] {
  const cpus = new Map<number, Record<string, bigint>>();
  for (const { name, indexes, at, size, isCompressed } of tagsOf(file, "cpu")) {
    const [cpu, part = 0] = indexes;
    if (cpu === undefined || cpu >= MAX_CPUS || isCompressed) continue;
    const found: [string, bigint][] = [];
    const words = (names: readonly string[], from = at): void =>
      names.forEach((one, i) => found.push([one, wordAt(file, from + 8 * i, 8)]));
    const alone = OWN_TAGS[name];
    if (alone !== undefined && size <= 8) found.push([alone, wordAt(file, at, size)]);
    else if (name === "gpregs" && size === 128) words([...GENERAL, ...EXTENDED]);
    else if (name === "CR64" && size === 72) words(["cr0", "cr1", "cr2", "cr3", "cr4"]);
    else if (name === "CR64" && size === 8) found.push([`cr${part}`, wordAt(file, at, 8)]);
    else if (name === "IDTR" && size === 10) words(["idt_base"], at + 2);
    if (found.length > 0) cpus.set(cpu, { ...cpus.get(cpu), ...Object.fromEntries(found) });
  }
  return [...cpus].sort(([a], [b]) => a - b).map(([, registers]) => registers);
}

/** Returns a little-endian number; 0 beyond the end of the file. */
function wordAt(file: RandomFile, at: number, size: number): bigint {
  const bytes = readBytes(file, at, size);
  const whole = new Uint8Array(8);
  if (!(bytes instanceof Fault)) whole.set(bytes.subarray(0, 8));
  return viewOf(whole).getBigUint64(0, true);
}
