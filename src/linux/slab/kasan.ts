/** What generic KASAN keeps of slab objects: its shadow memory, and who allocated and freed an object. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { depotStack } from "../mm/stackDepot.ts";
import type { SlabTrack, SlabTracks } from "./track.ts";

/** Number of bytes of memory for each byte of shadow: 1 << KASAN_SHADOW_SCALE_SHIFT. */
const SCALE = 8n;
/** Shadow of the first byte of a freed object, without and with the track of the free (mm/kasan/kasan.h). */
const KASAN_SLAB_FREE = 0xfb;
const KASAN_SLAB_FREE_META = 0xfa;
/** `free_meta_offset` of a cache that stores no track of frees: INT_MAX. */
const KASAN_NO_FREE_META = 0x7fffffff;

/** Whether generic KASAN watches the objects of a cache. */
export const hasKasan = (cache: Obj<"struct kmem_cache">): boolean => cache.has("kasan_info");

/**
 * Returns the number of bytes at the start of a free object in which KASAN may keep the track of the free, and which
 * therefore have no poison (mm/slub.c: check_object()). @throws Fault
 */
export function freeMetaBytes(cache: Obj<"struct kmem_cache">): number {
  if (!cache.has("kasan_info.free_meta_offset") || cache.at("kasan_info.free_meta_offset").number() !== 0) return 0;
  return cache.kernel.object("struct kasan_free_meta", 0n).size;
}

/** Returns the shadow byte of an address. @throws Fault */
export function kasanShadow(kernel: Kernel, address: bigint): number {
  const offset = kernel.arch.kasanShadowOffset;
  if (offset === undefined)
    throw Fault.of("unknown", "it is not known where the shadow memory of KASAN begins on this machine");
  const [byte] = kernel.memory.read(BigInt.asUintN(64, address / SCALE + offset), 1);
  return byte ?? 0;
}

/**
 * Whether KASAN has marked an object as freed. Freed objects wait in KASAN's quarantine, where the slab allocator still
 * counts them as allocated. @param object address of its first byte @throws Fault
 */
export function isFreedForKasan(kernel: Kernel, object: bigint): boolean {
  const shadow = kasanShadow(kernel, object);
  return shadow === KASAN_SLAB_FREE || shadow === KASAN_SLAB_FREE_META;
}

/** Returns KASAN's tracks of an object; undefined if generic KASAN does not watch its cache. @throws Fault */
export function kasanTracks(
  kernel: Kernel,
  { cache, address }: { readonly cache: Obj<"struct kmem_cache">; readonly address: bigint },
): SlabTracks | undefined {
  if (!hasKasan(cache)) return undefined;
  const info = cache.at("kasan_info");
  const [allocated, freed] = [info.at("alloc_meta_offset").number(), info.at("free_meta_offset").number()];
  // The track of the free is in the object, and overwritten by its next user.
  const isKept = freed !== KASAN_NO_FREE_META && kasanShadow(kernel, address) === KASAN_SLAB_FREE_META;
  return {
    by: "KASAN",
    // An offset of 0 would be in the object, where this track never is.
    allocated:
      allocated === 0
        ? undefined
        : readTrack(kernel.object("struct kasan_alloc_meta", address + BigInt(allocated)).at("alloc_track")),
    freed: isKept
      ? readTrack(kernel.object("struct kasan_free_meta", address + BigInt(freed)).at("free_track"))
      : undefined,
  };
}

/** Reads a `struct kasan_track`; undefined if it was never written, or if its stack cannot be read. */
function readTrack(track: Obj): SlabTrack | undefined {
  const stack = attempt(() => depotStack(track.kernel, track.at("stack")));
  if (stack instanceof Fault || stack.length === 0) return undefined;
  return {
    stack,
    pid: track.at("pid").number(),
    // With CONFIG_KASAN_EXTRA_INFO.
    cpu: track.has("cpu") ? track.at("cpu").number() : undefined,
  };
}
