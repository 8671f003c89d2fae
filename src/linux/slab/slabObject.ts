/** Objects of the slab allocator, and which of them are free. */
import { derivedFor } from "../../model/derived.ts";
import { attempt, Fault, untilFault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { physicalToVirtual } from "../mm/directMap.ts";
import { pageShift, pageSize } from "../mm/page.ts";
import { hasKasan, isFreedForKasan } from "./kasan.ts";
import { sheafObjects, sheaves } from "./sheaf.ts";
import { isSlabAllocator } from "./slab.ts";
import { readSlabAllocatorSlab, slabAllocatorCached, slabAllocatorFree } from "./slabAllocator.ts";
import { slabOfPfn } from "./slabPage.ts";
import { freeObjects, objectAt, objectIndex, objectLayout, type ObjectLayout } from "./slubFreelist.ts";
import { cpuSlab, readSlab, type CpuSlab, type Slab } from "./slub.ts";

/** A slab and which of its objects are free. */
export interface SlabState {
  readonly slab: Slab;
  readonly layout: ObjectLayout;
  /**
   * Numbers of free objects, with what holds each: "" for the slab itself, "cpu 1 cache", "node 0 shared cache", "cpu 1
   * sheaf", "node 0 barn", "KASAN quarantine".
   */
  readonly free: ReadonlyMap<number, string>;
  /** The fault because of which free objects can be missing; undefined if all were found. */
  readonly fault: Fault | undefined;
}

/** Reads a slab of a cache. @param address of its `struct slab` or `struct page` @throws Fault */
export const slabAt = (cache: Obj<"struct kmem_cache">, address: bigint): Slab =>
  isSlabAllocator(cache) ? readSlabAllocatorSlab(cache, address) : readSlab(cache, address);

/** Finds the free objects of a slab. @throws Fault if the object layout of the cache cannot be read */
export function slabState(slab: Slab): SlabState {
  const { cache } = slab;
  const layout = objectLayout(slab);
  const free = new Map<number, string>();
  let fault: Fault | undefined;
  const note = (why: Fault): void => {
    fault ??= why;
  };
  const mark = (indexes: Iterable<number>, holder: string): void => {
    for (const index of untilFault(indexes, note)) free.set(index, holder);
  };
  if (isInKfencePool(slab))
    note(
      Fault.of(
        "unknown",
        "the slab is a page of KFENCE, which records the state of its object in its own metadata, not on a freelist",
      ),
    );
  const kept = keptObjects(cache.kernel, cache.address);
  if (kept.fault) note(kept.fault);
  if (isSlabAllocator(cache)) mark(slabAllocatorFree(slab), "");
  else {
    const found = attempt(() => allocatingCpu(cache, slab.address));
    if (found instanceof Fault) note(found);
    const allocating = found && !(found instanceof Fault) ? found : undefined;
    // Objects that other CPUs freed are on the slab's own freelist until the CPU that allocates from the slab takes
    // that list over.
    mark(freeObjects(slab, layout, slab.freelist), allocating ? `cpu ${allocating.cpu} cache` : "");
    if (allocating) mark(freeObjects(slab, layout, allocating.cpuSlab.freelist), `cpu ${allocating.cpu} cache`);
  }
  for (const [address, holder] of kept.objects) {
    const index = objectIndex(layout, address);
    if (index !== undefined) free.set(index, holder);
  }
  if (hasKasan(cache)) mark(quarantined(cache.kernel, layout, free), QUARANTINE);
  return { slab, layout, free, fault };
}

/**
 * Maximum number of pages of KFENCE's pool: two for each object, of which CONFIG_KFENCE_NUM_OBJECTS allows 65535, and
 * two more (include/linux/kfence.h: KFENCE_POOL_SIZE).
 */
const MAX_KFENCE_PAGES = (65_535n + 1n) * 2n;

/**
 * Whether a slab is a page of KFENCE, whose only object is on no freelist when it is free (mm/kfence/core.c:
 * kfence_guarded_alloc).
 */
function isInKfencePool({ objects, memory, cache: { kernel } }: Slab): boolean {
  const variable = objects === 1 ? kernel.symbols.find("__kfence_pool") : undefined;
  const pool = variable && attempt(() => kernel.memory.word(variable.address));
  const bytes = MAX_KFENCE_PAGES * BigInt(pageSize(kernel));
  return typeof pool === "bigint" && pool !== 0n && memory >= pool && memory < pool + bytes;
}

/** What holds an object that KASAN keeps from its allocator for a while after the free. */
const QUARANTINE = "KASAN quarantine";

/**
 * Whether the allocator itself counts an object as free, so that it has the poison and the red zones of a free object.
 * KASAN hands an object to the allocator when it leaves the quarantine.
 */
export const isFreeForAllocator = ({ free }: SlabState, index: number): boolean =>
  free.has(index) && free.get(index) !== QUARANTINE;

/** Yields the objects that were freed and are on no freelist yet. @throws Fault */
function* quarantined(kernel: Kernel, layout: ObjectLayout, free: ReadonlyMap<number, string>): Generator<number> {
  for (let index = 0; index < layout.count; index++)
    if (!free.has(index) && isFreedForKasan(kernel, objectAt(layout, index))) yield index;
}

/** Returns the CPU that allocates from a slab; undefined if none does. */
function allocatingCpu(
  cache: Obj<"struct kmem_cache">,
  slab: bigint,
): { readonly cpu: number; readonly cpuSlab: CpuSlab } | undefined {
  return slabsOfCpus(cache.kernel, cache.address).find((one) => one.cpuSlab.slab === slab);
}

/** Per-CPU slabs of a `struct kmem_cache`, by its address. */
const slabsOfCpus = derivedFor("CPUs' slabs", (kernel, address: bigint) => {
  const cache = kernel.object("struct kmem_cache", address);
  return possibleCpus(kernel).flatMap((cpu) => {
    const found = cpuSlab(cache, cpu);
    return found ? [{ cpu, cpuSlab: found }] : [];
  });
});

/** Free objects that CPUs and nodes keep apart from the freelists of slabs. */
interface KeptObjects {
  /** By address, with what keeps each. */
  readonly objects: ReadonlyMap<bigint, string>;
  /** Why some can be missing; undefined if all were read. */
  readonly fault: Fault | undefined;
}

/** The kept objects of a `struct kmem_cache`: those in the sheaves of SLUB, or in the arrays of SLAB. */
const keptObjects = derivedFor("kept free objects", (kernel, address: bigint): KeptObjects => {
  const objects = new Map<bigint, string>();
  const end = attempt(() => {
    const cache = kernel.object("struct kmem_cache", address);
    if (isSlabAllocator(cache)) for (const [object, holder] of slabAllocatorCached(cache)) objects.set(object, holder);
    else
      for (const sheaf of sheaves(cache)) for (const object of sheafObjects(sheaf)) objects.set(object, sheaf.holder);
  });
  return { objects, fault: end instanceof Fault ? end : undefined };
});

/** An object of the slab allocator. */
export interface SlabObject {
  readonly cache: Obj<"struct kmem_cache">;
  readonly slab: Slab;
  readonly index: number;
  /** Address of the first byte of the object. */
  readonly address: bigint;
}

/** Returns the slab object that contains an address; undefined if the address is not in a slab object. @throws Fault */
export function slabObjectAt(kernel: Kernel, address: bigint): SlabObject | undefined {
  const found = slabHolding(kernel, address);
  if (!found) return undefined;
  const slab = slabAt(found.cache, found.slab);
  const layout = objectLayout(slab);
  const offset = Number(address - layout.first);
  const index = Math.floor(offset / layout.stride);
  if (index < 0 || index >= layout.count) return undefined;
  return { cache: found.cache, slab, index, address: objectAt(layout, index) };
}

/** Returns the cache and the slab that contain an address. Only direct-map addresses are in slabs. @throws Fault */
export function slabHolding(kernel: Kernel, address: bigint): ReturnType<typeof slabOfPfn> {
  if (!kernel.memory.isKernelAddress(address)) return undefined;
  const found = kernel.memory.translate(address);
  if (found instanceof Fault || physicalToVirtual(kernel, found.physical) !== kernel.memory.canonical(address))
    return undefined;
  return slabOfPfn(kernel, Number(found.physical >> BigInt(pageShift(kernel))));
}
