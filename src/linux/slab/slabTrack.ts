/** Who allocated and freed a slab object: SLUB's tracks and KASAN's. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { depotStack } from "../mm/stackDepot.ts";
import { hasKasan, kasanTracks } from "./kasan.ts";
import { hasSlabFlag, isSlabAllocator } from "./slab.ts";
import type { SlabObject } from "./slabObject.ts";
import type { SlabTrack, SlabTracks } from "./track.ts";

/**
 * Returns the tracks of an object: those of KASAN, or those that slub_debug=U stores after the object; undefined if its
 * cache has none. @throws Fault
 */
export function slabTracks(kernel: Kernel, object: SlabObject): SlabTracks | undefined {
  const found = hasKasan(object.cache) ? kasanTracks(kernel, object) : undefined;
  return found?.allocated || found?.freed ? found : slubTracks(kernel, object);
}

/** Reads the two `struct track` after an object (mm/slub.c); undefined if the cache stores none. */
function slubTracks(kernel: Kernel, { cache, address }: SlabObject): SlabTracks | undefined {
  if (isSlabAllocator(cache) || !hasSlabFlag(cache, "SLAB_STORE_USER")) return undefined;
  const track = kernel.types.find("struct", "track");
  if (track?.kind !== "struct" || track.size === 0) throw Fault.of("unknown", "the debuginfo has no struct track");
  // get_info_end(): after the object, and after the free pointer if that is outside of the object.
  const [inuse, offset] = [cache.at("inuse").number(), cache.at("offset").number()];
  const start = address + BigInt(offset >= inuse ? inuse + kernel.arch.wordSize : inuse);
  return {
    by: "slub_debug",
    allocated: readTrack(kernel, start),
    freed: readTrack(kernel, start + BigInt(track.size)),
  };
}

/** Reads a track. Undefined if its `addr` is 0 (never written, init_tracking()) or is not a code address. */
function readTrack(kernel: Kernel, at: bigint): SlabTrack | undefined {
  const track = kernel.object("struct track", at);
  const caller = track.at("addr").value();
  if (caller === 0n || !kernel.code.isText(caller)) return undefined;
  // Without a stack depot the track has only the caller.
  const stored = track.has("handle") ? attempt(() => depotStack(kernel, track.at("handle"))) : [];
  const stack = stored instanceof Fault ? [] : stored;
  // The stack begins with functions of the allocator. It can lack the caller: the kernel skips a fixed number of
  // frames, and skips the caller if the compiler inlined one of these functions.
  const from = stack.indexOf(caller);
  return {
    stack: from < 0 ? [caller, ...stack] : stack.slice(from),
    pid: track.at("pid").number(),
    cpu: track.at("cpu").number(),
  };
}
