/** Freelists of SLUB. */
import { Fault } from "../../base/fault.ts";
import { hex } from "../../base/hex.ts";
import type { Obj } from "../../model/object.ts";
import { objectStride } from "./slab.ts";
import type { Slab } from "./slub.ts";

/** Positions of the objects in a slab. */
export interface ObjectLayout {
  /** Address of the first object, after the left red zone if there is one. */
  readonly first: bigint;
  /** Distance from one object to the next, in bytes. */
  readonly stride: number;
  readonly count: number;
}

/** Computes the object layout of a slab. @throws Fault */
export function objectLayout({ cache, memory, objects }: Slab): ObjectLayout {
  const stride = objectStride(cache);
  if (stride === 0) throw Fault.at("corrupt", cache.address, "object size of the cache is 0");
  // red_left_pad exists since Linux kernel commit d86bd1bece6f ("mm/slub: support left redzone") (in v4.6).
  const redZone = cache.has("red_left_pad") ? cache.at("red_left_pad").number() : 0;
  return { first: memory + BigInt(redZone), stride, count: objects };
}

/** Returns the address of an object by its number. */
export const objectAt = ({ first, stride }: ObjectLayout, index: number): bigint => first + BigInt(index * stride);

/** Returns the number of the object that starts at `address`; undefined if none does. */
export function objectIndex({ first, stride, count }: ObjectLayout, address: bigint): number | undefined {
  const offset = address - first;
  if (offset < 0n || offset >= BigInt(stride * count) || offset % BigInt(stride) !== 0n) return undefined;
  return Number(offset / BigInt(stride));
}

/**
 * Yields the numbers of the free objects on a freelist of the slab. @param head the slab's own `freelist`, or that of
 * the CPU that allocates from it @throws Fault "corrupt" where the list leaves the slab or does not end, after yielding
 * the objects before
 */
export function* freeObjects(slab: Slab, layout: ObjectLayout, head: bigint): Generator<number> {
  const { cache } = slab;
  const { memory } = cache.kernel;
  const offset = BigInt(cache.at("offset").number());
  const random = cache.has("random") ? cache.at("random").value() : undefined;
  let steps = 0;
  for (let at = memory.canonical(head); at !== 0n;) {
    const index = objectIndex(layout, at);
    if (index === undefined) throw leaves(slab, at);
    if (steps++ >= layout.count)
      throw Fault.at("corrupt", slab.address, "freelist of the slab has more entries than the slab has objects");
    yield index;
    const stored = memory.word(at + offset);
    at = next(cache, layout, stored, random, at + offset);
  }
}

const leaves = (slab: Slab, to: bigint): Fault =>
  Fault.at("corrupt", slab.address, `freelist of the slab leads to ${hex(to)}, which is not an object of the slab`);

/**
 * Decodes a freelist pointer. With CONFIG_SLAB_FREELIST_HARDENED a stored pointer is XORed with the cache's random
 * value and its own address. The bytes of the address are swapped since Linux kernel commit 1ad53d9fa3f6 ("slub:
 * improve bit diffusion for freelist ptr obfuscation") (in v5.7). Both ways are tried; the one that gives an object of
 * the slab is used.
 */
function next(
  cache: Obj<"struct kmem_cache">,
  layout: ObjectLayout,
  stored: bigint,
  random: bigint | undefined,
  at: bigint,
): bigint {
  const { memory, arch } = cache.kernel;
  if (random === undefined) return memory.canonical(stored);
  const bits = arch.wordSize * 8;
  const mixed = [swapped(at, arch.wordSize), at].map((address) => BigInt.asUintN(bits, stored ^ random ^ address));
  const plausible = mixed.map((value) => (value === 0n ? 0n : memory.canonical(value)));
  return plausible.find((value) => value === 0n || objectIndex(layout, value) !== undefined) ?? plausible[0] ?? 0n;
}

function swapped(value: bigint, bytes: number): bigint {
  let result = 0n;
  for (let i = 0; i < bytes; i++) result = (result << 8n) | ((value >> BigInt(8 * i)) & 0xffn);
  return result;
}
