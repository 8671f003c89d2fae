import assert from "node:assert/strict";
import { test } from "node:test";
import { damageOf } from "../../../src/linux/slab/slabPoison.ts";
import { toyKernel, type ToyValue } from "../../builders/kernel.ts";

const CACHE = 0x9000n;
const OBJECT = 0xa000n;
const SIZE = 64;
const SLAB_POISON = 0x800;
const OBJECT_POISON = 0x8000_0000;

/** Returns the message about a free object whose bytes were written from an offset on. */
function damage(flags: number, members: string, cache: { readonly [member: string]: ToyValue }, at?: number) {
  const bytes = new Uint8Array(SIZE).fill(0x6b);
  bytes[SIZE - 1] = 0xa5;
  if (at !== undefined) bytes.fill(0x11, at, at + 8);
  const kernel = toyKernel({
    types: `struct kasan_cache { int alloc_meta_offset, free_meta_offset; };
      struct kasan_track { unsigned int pid, stack; };
      struct kasan_free_meta { void *next; struct kasan_track free_track; };
      struct kmem_cache { unsigned int flags, object_size, inuse; void (*ctor)(void *); ${members} };`,
    memory: [
      ["struct kmem_cache", CACHE, { flags, object_size: SIZE, inuse: SIZE, ...cache }],
      ["unsigned char [64]", OBJECT, bytes],
    ],
  });
  return damageOf(kernel.object("struct kmem_cache", CACHE), OBJECT, true)?.message;
}

test("the poison of a free object shows that it was written to", () => {
  assert.equal(damage(SLAB_POISON | OBJECT_POISON, "", {}), undefined);
  assert.match(damage(SLAB_POISON | OBJECT_POISON, "", {}, 8) ?? "", /poison overwritten/);
});

test("a cache whose free objects are not poisoned, such as one of SLAB_TYPESAFE_BY_RCU, has no damage", () => {
  assert.equal(damage(SLAB_POISON, "", {}, 8), undefined);
});

test("what KASAN keeps at the start of a free object is not damage", () => {
  const kasan = "struct kasan_cache kasan_info;";
  const flags = SLAB_POISON | OBJECT_POISON;
  assert.equal(damage(flags, kasan, { kasan_info: { free_meta_offset: 0 } }, 0), undefined);
  assert.match(damage(flags, kasan, { kasan_info: { free_meta_offset: 0 } }, 16) ?? "", /poison overwritten/);
  assert.match(damage(flags, kasan, { kasan_info: { free_meta_offset: 80 } }, 0) ?? "", /poison overwritten/);
});
