/** Slabs of the SLUB allocator. */
import { Fault } from "../../base/fault.ts";
import { bare, type CType } from "../../debuginfo/ctype.ts";
import { derived } from "../../model/derived.ts";
import type { Obj } from "../../model/object.ts";
import { physicalToVirtual } from "../mm/directMap.ts";
import { listNodes, memberOffset } from "../../kernel/list.ts";
import { pageToPfn } from "../mm/memoryModel.ts";
import { pageSize } from "../mm/page.ts";
import { perCpuPointee } from "../../kernel/percpu.ts";

/** A slab of SLUB. */
export interface Slab {
  /** Address of its `struct slab` or `struct page`. */
  readonly address: bigint;
  readonly cache: Obj<"struct kmem_cache">;
  /** Address of its first page. */
  readonly memory: bigint;
  readonly objects: number;
  /** Objects not on the slab's own freelist. Some of them can be on the freelist of a CPU. */
  readonly inuse: number;
  /** Head of the slab's own freelist. */
  readonly freelist: bigint;
}

/**
 * The type that describes a slab: `struct slab` since Linux kernel commit d122019bf061 ("mm: Split slab into its own
 * type") (in v5.17); before, `struct page`. Both have the same address.
 */
export const slabType = derived("type of slabs", (kernel): CType => {
  const slab = kernel.types.find("struct", "slab");
  const isOwn = slab && kernel.object(slab, 0n).has("slab_cache");
  return isOwn ? slab : kernel.types.named("struct page");
});

/** Maximum number of objects in a slab: the kernel's counter has 15 bits. It bounds walks if the number is damaged. */
const MAX_OBJECTS = 1 << 15;

/** Reads a slab. @throws Fault if the address is not a slab of the cache */
export function readSlab(cache: Obj<"struct kmem_cache">, address: bigint): Slab {
  const { kernel } = cache;
  const slab = kernel.object(slabType(kernel), address);
  const pfn = pageToPfn(kernel, address);
  if (pfn === undefined) throw Fault.at("corrupt", address, "not a struct page: the list of slabs is damaged");
  const recorded = slab.at(slab.has("slab_cache") ? "slab_cache" : "slab").value();
  if (recorded !== cache.address) throw Fault.at("corrupt", address, "slab belongs to another cache");
  const objects = slab.at("objects").number();
  const inuse = slab.at("inuse").number();
  if (objects > MAX_OBJECTS || inuse > objects)
    throw Fault.at("corrupt", address, `slab of ${objects} objects has ${inuse} in use`);
  return {
    address,
    cache,
    memory: physicalToVirtual(kernel, BigInt(pfn) * BigInt(pageSize(kernel))),
    objects,
    inuse,
    freelist: slab.at("freelist").value(),
  };
}

/** The per-CPU data of a cache. */
export interface CpuSlab {
  /** `struct kmem_cache_cpu`. */
  readonly address: bigint;
  /** Address of the slab that the CPU allocates from; 0 for none. */
  readonly slab: bigint;
  /** Head of the CPU's own freelist, with objects of that slab. */
  readonly freelist: bigint;
  /** Address of the first of the CPU's partial slabs; 0 for none. */
  readonly partial: bigint;
}

/** Returns the CPU's slab; undefined if the kernel has none, because sheaves replaced it in v7.0. @throws Fault */
export function cpuSlab(cache: Obj<"struct kmem_cache">, cpu: number): CpuSlab | undefined {
  if (!cache.has("cpu_slab")) return undefined;
  const own = perCpuPointee(cache.kernel, cache.at("cpu_slab"), cpu);
  return {
    address: own.address,
    slab: own.at(own.has("slab") ? "slab" : "page").value(),
    freelist: own.at("freelist").value(),
    // The member does not exist without CONFIG_SLUB_CPU_PARTIAL.
    partial: own.has("partial") ? own.at("partial").value() : 0n,
  };
}

/** Maximum number of partial slabs of a CPU, which has at most a few dozen. */
const MAX_PARTIAL = 1 << 16;

/** Yields the CPU's partial slabs. @throws Fault where the chain breaks */
export function* cpuPartialSlabs(cache: Obj<"struct kmem_cache">, { partial }: CpuSlab): Generator<Slab> {
  const type = slabType(cache.kernel);
  let at = partial;
  for (let i = 0; at !== 0n; i++) {
    if (i >= MAX_PARTIAL) throw Fault.at("corrupt", at, `a CPU has more than ${MAX_PARTIAL} partial slabs`);
    yield readSlab(cache, at);
    at = cache.kernel.object(type, at).at("next").value();
  }
}

/** Yields the slabs on a list of a node: `partial` or, with debugging, `full`. @throws Fault where the list breaks */
export function* nodeSlabs(
  cache: Obj<"struct kmem_cache">,
  node: Obj<"struct kmem_cache_node">,
  list: "partial" | "full",
): Generator<Slab> {
  const { kernel } = cache;
  const type = slabType(kernel);
  // Renamed in Linux kernel commit 916ac0527837 ("slub: use slab_list instead of lru") (in v5.2).
  const link = memberOffset(kernel, type, kernel.object(type, 0n).has("slab_list") ? "slab_list" : "lru");
  for (const entry of listNodes(kernel, node.at(list).address)) yield readSlab(cache, entry - link);
}

/** Reads a counter, which can be an atomic; undefined if the node does not have it. @throws Fault */
export function nodeCounter(
  node: Obj<"struct kmem_cache_node">,
  name: "nr_slabs" | "total_objects" | "nr_partial",
): number | undefined {
  if (!node.has(name)) return undefined;
  const counter = node.at(name);
  return Number(bare(counter.type).kind === "struct" ? counter.at("counter").value() : counter.value());
}
