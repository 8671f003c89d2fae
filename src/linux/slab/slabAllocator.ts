/**
 * The SLAB allocator of kernels up to v6.7 built with CONFIG_SLAB (mm/slab.c). A cache has lists of full, partial and
 * free slabs for each node. A slab has an array with the numbers of its free objects, the freelist.
 */
import { Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { physicalToVirtual } from "../mm/directMap.ts";
import { listNodes, memberOffset } from "../../kernel/list.ts";
import { pageToPfn } from "../mm/memoryModel.ts";
import { pageSize } from "../mm/page.ts";
import { perCpuPointee } from "../../kernel/percpu.ts";
import { cacheNodes } from "./slab.ts";
import type { SlabUsage } from "./slabUsage.ts";
import { slabType, type Slab } from "./slub.ts";

const LISTS = ["slabs_partial", "slabs_full", "slabs_free"] as const;

/** Yields every slab of the cache, list by list. @throws Fault where a list breaks */
export function* slabAllocatorSlabs(cache: Obj<"struct kmem_cache">): Generator<Slab> {
  const { kernel } = cache;
  const type = slabType(kernel);
  const link = memberOffset(kernel, type, kernel.object(type, 0n).has("slab_list") ? "slab_list" : "lru");
  for (const { node } of cacheNodes(cache)) {
    for (const list of LISTS)
      for (const at of listNodes(kernel, node.at(list).address)) yield readSlabAllocatorSlab(cache, at - link);
  }
}

/** Reads a slab from its `struct page` or `struct slab`. @throws Fault */
export function readSlabAllocatorSlab(cache: Obj<"struct kmem_cache">, address: bigint): Slab {
  const { kernel } = cache;
  const slab = kernel.object(slabType(kernel), address);
  const pfn = pageToPfn(kernel, address);
  if (pfn === undefined) throw Fault.at("corrupt", address, "not a struct page: the list of slabs is damaged");
  const objects = cache.at("num").number();
  const inuse = slab.at("active").number();
  if (inuse > objects) throw Fault.at("corrupt", address, `slab of ${objects} objects has ${inuse} in use`);
  // Because of slab colouring, the first object can start after the start of the page.
  const memory = slab.has("s_mem")
    ? slab.at("s_mem").value()
    : physicalToVirtual(kernel, BigInt(pfn) * BigInt(pageSize(kernel)));
  return { address, cache, memory, objects, inuse, freelist: slab.at("freelist").value() };
}

/** Yields the numbers of the free objects: the freelist entries from index `inuse` on. @throws Fault */
export function* slabAllocatorFree({ cache, objects, inuse, freelist }: Slab): Generator<number> {
  const { kernel } = cache;
  // freelist_idx_t is one byte if a byte can number the smallest objects of a page.
  const isByte = objects <= 256 && pageSize(kernel) <= 4096;
  for (let i = inuse; i < objects; i++)
    yield isByte ? kernel.memory.u8(freelist + BigInt(i)) : kernel.memory.u16(freelist + BigInt(2 * i));
}

/** Maximum number of objects in an `array_cache`; the kernel's limit for one CPU is a few hundred (enable_cpucache()). */
const MAX_CACHED = 1 << 16;

/** Free objects that a CPU or a node keeps, which count as in use in their slab. */
interface ObjectStore {
  /** "cpu 1 cache", "node 0 shared cache". */
  readonly holder: string;
  /** `struct array_cache`. */
  readonly array: Obj<"struct array_cache">;
}

/**
 * Yields the arrays of free objects of the CPUs and of the nodes. The alien caches, which keep objects of other nodes for
 * a moment, are not among them. @throws Fault
 */
function* objectStores(cache: Obj<"struct kmem_cache">): Generator<ObjectStore> {
  for (const cpu of possibleCpus(cache.kernel))
    yield { holder: `cpu ${cpu} cache`, array: perCpuPointee(cache.kernel, cache.at("cpu_cache"), cpu) };
  for (const { id, node } of cacheNodes(cache)) {
    const shared = node.at("shared");
    if (shared.value() !== 0n) yield { holder: `node ${id} shared cache`, array: shared.deref() };
  }
}

/** Yields the addresses of the free objects that CPUs and nodes keep, and what keeps each. @throws Fault */
export function* slabAllocatorCached(cache: Obj<"struct kmem_cache">): Generator<readonly [bigint, string]> {
  for (const { holder, array } of objectStores(cache)) {
    const count = array.at("avail").number();
    if (count > MAX_CACHED)
      throw Fault.at("corrupt", array.address, `array of ${count} free objects exceeds the limit of ${MAX_CACHED}`);
    const entries = array.at("entry").address;
    const { wordSize } = cache.kernel.arch;
    for (let i = 0; i < count; i++) yield [cache.kernel.memory.word(entries + BigInt(i * wordSize)), holder];
  }
}

/** Counts the slabs and objects of a cache. @throws Fault */
export function slabAllocatorUsage(cache: Obj<"struct kmem_cache">): SlabUsage {
  let [slabs, total, free] = [0, 0, 0];
  for (const slab of slabAllocatorSlabs(cache)) {
    slabs++;
    total += slab.objects;
    free += slab.objects - slab.inuse;
  }
  for (const { array } of objectStores(cache)) free += array.at("avail").number();
  return { allocated: total - free, total, slabs };
}
