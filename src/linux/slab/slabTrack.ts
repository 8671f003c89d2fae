/** Allocation and free tracks of slab objects. */
import type { Kernel } from "../../model/kernel.ts";
import { Fault } from "../../base/fault.ts";
import { hasSlabFlag, isSlabAllocator } from "./slab.ts";
import type { SlabObject } from "./slabObject.ts";

/** The last allocation or free of an object. slub_debug=U stores it after the object (mm/slub.c: struct track). */
export interface SlabTrack {
  /** Return address of the call that allocated or freed the object. */
  readonly address: bigint;
  readonly pid: number;
  readonly cpu: number;
  readonly jiffies: bigint;
}

export interface SlabTracks {
  readonly allocated: SlabTrack | undefined;
  readonly freed: SlabTrack | undefined;
}

/** Returns the tracks of an object; undefined if its cache has none. @throws Fault */
export function slabTracks(kernel: Kernel, { cache, address }: SlabObject): SlabTracks | undefined {
  if (isSlabAllocator(cache) || !hasSlabFlag(cache, "SLAB_STORE_USER")) return undefined;
  const track = kernel.types.find("struct", "track");
  if (track?.kind !== "struct" || track.size === 0) throw Fault.of("unknown", "the debuginfo has no struct track");
  // get_info_end(): after the object, and after the free pointer if that is outside of the object.
  const [inuse, offset] = [cache.at("inuse").number(), cache.at("offset").number()];
  const start = address + BigInt(offset >= inuse ? inuse + kernel.arch.wordSize : inuse);
  return {
    allocated: readTrack(kernel, start),
    freed: readTrack(kernel, start + BigInt(track.size)),
  };
}

/** Reads a track. A track with address 0 was never written (init_tracking()). */
function readTrack(kernel: Kernel, at: bigint): SlabTrack | undefined {
  const track = kernel.object("struct track", at);
  const address = track.at("addr").value();
  if (address === 0n || !kernel.code.isText(address)) return undefined;
  return {
    address,
    pid: track.at("pid").number(),
    cpu: track.at("cpu").number(),
    jiffies: track.at("when").value(),
  };
}
