import { Fault } from "../../base/fault.ts";
import { hex } from "../../base/hex.ts";
import type { Obj } from "../../model/object.ts";
import { objectStride } from "./slab.ts";
import type { Slab } from "./slub.ts";

/** Where the objects of a slab lie. */
export interface ObjectLayout {
  /** Of the first object; behind the red zone where there is one. */
  readonly first: bigint;
  /** Bytes from one to the next. */
  readonly stride: number;
  readonly count: number;
}

/** @throws Fault */
export function objectLayout({ cache, memory, objects }: Slab): ObjectLayout {
  const stride = objectStride(cache);
  if (stride === 0) throw Fault.at("corrupt", cache.address, "cache of objects without size");
  // Since Linux kernel commit d86bd1bece6f ("mm/slub: support left redzone") (in v4.6).
  const redZone = cache.has("red_left_pad") ? cache.at("red_left_pad").number() : 0;
  return { first: memory + BigInt(redZone), stride, count: objects };
}

/** Address of an object by its number. */
export const objectAt = ({ first, stride }: ObjectLayout, index: number): bigint => first + BigInt(index * stride);

/** The number of the object that begins at `address`; undefined when none does. */
export function objectIndex({ first, stride, count }: ObjectLayout, address: bigint): number | undefined {
  const offset = address - first;
  if (offset < 0n || offset >= BigInt(stride * count) || offset % BigInt(stride) !== 0n) return undefined;
  return Number(offset / BigInt(stride));
}

/**
 * Numbers of the free objects on a freelist of the slab.
 * @param head the slab's own `freelist`, or that of the CPU that allocates from it
 * @throws Fault corrupt where the list leaves the slab or has no end; objects before were yielded
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
    if (steps++ >= layout.count) throw Fault.at("corrupt", slab.address, "freelist of the slab has no end");
    yield index;
    const stored = memory.word(at + offset);
    at = next(cache, layout, stored, random, at + offset);
  }
}

const leaves = (slab: Slab, to: bigint): Fault =>
  Fault.at("corrupt", slab.address, `freelist of the slab leads to ${hex(to)}, which is no object of it`);

/**
 * With CONFIG_SLAB_FREELIST_HARDENED a pointer is stored mixed with the cache's secret and its own address, whose bytes
 * are swapped since Linux kernel commit 1ad53d9fa3f6 ("slub: improve bit diffusion for freelist ptr obfuscation") (in
 * v5.7). Which it is only the outcome tells.
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
