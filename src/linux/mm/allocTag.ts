/** Memory by the source line that allocated it: the allocation tags of CONFIG_MEM_ALLOC_PROFILING (lib/alloc_tag.c). */
import { attempt, Fault } from "../../base/fault.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { memberOffset } from "../../kernel/list.ts";
import { mapleEntries } from "../../kernel/mapleTree.ts";
import { perCpuOffset } from "../../kernel/percpu.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { globalAddress } from "../vmcoreinfo.ts";
import type { Progress } from "./pagesByStack.ts";

/** What one source line has allocated and not freed. */
export interface AllocTag {
  /** The place in the source, `struct codetag`. */
  readonly place: Obj;
  readonly bytes: number;
  /** Number of allocations. */
  readonly calls: number;
  /** Whether the module of the line was unloaded. Its names are then no longer in memory. */
  readonly isUnloaded: boolean;
}

/** A section of tags: addresses of `struct alloc_tag`, the end exclusive. */
interface TagRange {
  readonly start: bigint;
  readonly end: bigint;
  readonly isUnloaded: boolean;
}

/** Maximum number of tags of all sections; an ordinary kernel with its modules has some 10,000. */
const MAX_TAGS = 1 << 20;
/** Number of tags that are read between two reports of progress. */
const TAGS_PER_STEP = 256;

/**
 * Reads all allocation tags, in the order of /proc/allocinfo, then those of unloaded modules. Tags whose counters
 * cannot be read are counted in `unread`.
 * @throws Fault if the kernel has no tags, or none that count
 */
export function* allocTags(
  kernel: Kernel,
): Generator<Progress, { readonly tags: readonly AllocTag[]; readonly unread: number }, void> {
  const type = kernel.types.find("struct", "alloc_tag");
  const ranges = type && sizeOf(type) > 0 ? tagRanges(kernel) : [];
  if (!type || ranges.length === 0)
    throw Fault.of("unknown", "the kernel has no allocation tags (CONFIG_MEM_ALLOC_PROFILING)");
  const size = BigInt(sizeOf(type));
  const count = ({ start, end }: TagRange): bigint => (end - start) / size;
  const total = Number(ranges.reduce((sum, range) => sum + count(range), 0n));
  if (total > MAX_TAGS)
    throw Fault.of("corrupt", `the sections of allocation tags have ${total} tags; the limit is ${MAX_TAGS}`);
  const counters = counterReader(kernel);
  const tags: AllocTag[] = [];
  let [done, unread] = [0, 0];
  for (const range of ranges)
    for (let at = range.start; at + size <= range.end; at += size) {
      if (done++ % TAGS_PER_STEP === 0) yield { done, total };
      const tag = kernel.object(type, at);
      const read = attempt(() => counters(tag.at("counters").value()));
      if (read instanceof Fault) unread++;
      else tags.push({ place: tag.at("ct"), ...read, isUnloaded: range.isUnloaded });
    }
  if (tags.every(({ bytes, calls }) => bytes === 0 && calls === 0))
    throw Fault.of("unknown", "no allocation tag has counted anything: the boot option sysctl.vm.mem_profiling is 0");
  return { tags, unread };
}

/** Whether the counters of a line can be wrong (CODETAG_FLAG_INACCURATE). @throws Fault */
export const isInaccurate = ({ place }: AllocTag): boolean => (place.at("flags").value() & 1n) !== 0n;

/** Returns the function that reads the sums of a per-CPU `struct alloc_tag_counters` over the possible CPUs. */
function counterReader(kernel: Kernel): (address: bigint) => Pick<AllocTag, "bytes" | "calls"> {
  const offsets = possibleCpus(kernel).map((cpu) => perCpuOffset(kernel, cpu));
  const [bytesAt, callsAt] = ["bytes", "calls"].map((name) => memberOffset(kernel, "struct alloc_tag_counters", name));
  const sum = (address: bigint): number =>
    Number(
      BigInt.asIntN(
        64,
        offsets.reduce((all, offset) => {
          const own = BigInt.asUintN(kernel.arch.wordSize * 8, address + offset);
          return all + kernel.memory.u64(own);
        }, 0n),
      ),
    );
  // The kernel frees the counters of an unloaded module if they are zero.
  return (address) =>
    address === 0n
      ? { bytes: 0, calls: 0 }
      : { bytes: sum(address + (bytesAt ?? 0n)), calls: sum(address + (callsAt ?? 0n)) };
}

/**
 * Returns the sections of tags of the kernel, of the loaded modules and of unloaded ones. The kernel itself finds them
 * by the same symbols (lib/codetag.c: get_section_range).
 */
function tagRanges(kernel: Kernel): TagRange[] {
  const ends = new Map(kernel.symbols.named("__stop_alloc_tags").map((one) => [one.module, one.address]));
  const ranges = kernel.symbols.named("__start_alloc_tags").flatMap(({ module, address: start }) => {
    const end = ends.get(module);
    return end !== undefined && end > start ? [{ start, end, isUnloaded: false }] : [];
  });
  const unloaded = attempt(() => [...unloadedRanges(kernel)]);
  return [...ranges, ...(unloaded instanceof Fault ? [] : unloaded)];
}

/**
 * Yields the sections of unloaded modules whose memory is not all freed. Since Linux kernel commit 0db6f8d7820a
 * ("alloc_tag: load module tags into separate contiguous memory") (in v6.13) the tags of modules are in one area, of
 * which `mod_area_mt` says which part belongs to which module; `unloaded_mod` stands for the unloaded ones.
 */
function* unloadedRanges(kernel: Kernel): Generator<TagRange> {
  const [tree, unloaded, area] = ["mod_area_mt", "unloaded_mod", "module_tags"].map((one) =>
    globalAddress(kernel, one),
  );
  if (tree === undefined || unloaded === undefined || area === undefined) return;
  const first = kernel.memory.word(area);
  for (const { first: from, last, entry } of mapleEntries(kernel, kernel.object("struct maple_tree", tree)))
    if (entry === unloaded) yield { start: first + from, end: first + last + 1n, isUnloaded: true };
}
