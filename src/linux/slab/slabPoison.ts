/** Checks of poison and red zones of slab objects. */
import { Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { freeMetaBytes } from "./kasan.ts";
import { hasSlabFlag, objectSize } from "./slab.ts";

// include/linux/poison.h
const POISON_FREE = 0x6b;
const POISON_END = 0xa5;
const SLUB_RED_INACTIVE = 0xbb;
const SLUB_RED_ACTIVE = 0xcc;

/**
 * Checks an object of a cache with debugging flags: the poison of a free object, and the red zones around an object.
 * @returns the first wrong byte; undefined for an object that is intact or not protected @throws Fault if the object
 * cannot be read
 */
export function damageOf(cache: Obj<"struct kmem_cache">, object: bigint, isFree: boolean): Fault | undefined {
  const { memory } = cache.kernel;
  const size = objectSize(cache);
  // SLAB_POISON alone is not enough: objects with a constructor or read after they are freed keep their bytes (mm/slub.c).
  if (isFree && hasSlabFlag(cache, "SLAB_OBJECT_POISON")) {
    const bytes = memory.read(object, size);
    const skipped = freeMetaBytes(cache);
    const wrong = bytes.findIndex((byte, i) => i >= skipped && byte !== (i === size - 1 ? POISON_END : POISON_FREE));
    if (wrong >= 0)
      return Fault.at(
        "corrupt",
        object + BigInt(wrong),
        "poison overwritten: the object was written to after it was freed",
      );
  }
  if (!cache.has("red_left_pad") || !hasSlabFlag(cache, "SLAB_RED_ZONE")) return undefined;
  const value = isFree ? SLUB_RED_INACTIVE : SLUB_RED_ACTIVE;
  const left = cache.at("red_left_pad").number();
  const zones = [
    { start: object - BigInt(left), length: left },
    { start: object + BigInt(size), length: cache.at("inuse").number() - size },
  ];
  for (const { start, length } of zones) {
    if (length <= 0) continue;
    const wrong = memory.read(start, length).findIndex((byte) => byte !== value);
    if (wrong >= 0)
      return Fault.at(
        "corrupt",
        start + BigInt(wrong),
        "red zone overwritten: a write went beyond the bounds of an object",
      );
  }
  return undefined;
}
