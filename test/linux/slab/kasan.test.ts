import assert from "node:assert/strict";
import { test } from "node:test";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { isFreedForKasan, kasanTracks } from "../../../src/linux/slab/kasan.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";

const CACHE = 0xffff888000001000n;
const OBJECT = 0xffff888000002000n;
const POOLS = 0xffffffff82000000n;
const POOL = 0xffff888000020000n;
const shadowOf = (address: bigint): bigint => BigInt.asUintN(64, (address >> 3n) + 0xdffffc0000000000n);

const handle = (offset: bigint): number => Number(1n | (offset << 17n));

/** An object of 64 bytes with the track of its allocation behind it, and that of its free in it. */
function watched(shadow: number): ToyKernel {
  const kernel = toyKernel({
    arch: x86_64,
    types: `typedef unsigned depot_stack_handle_t;
      union handle_parts { depot_stack_handle_t handle; struct { unsigned pool_index_plus_1:17; unsigned offset:10; unsigned extra:5; }; };
      struct stack_record { unsigned long list[2]; unsigned hash; unsigned size; union handle_parts handle; unsigned count; unsigned long entries[2]; };
      struct kasan_track { unsigned pid; depot_stack_handle_t stack; };
      struct kasan_alloc_meta { struct kasan_track alloc_track; depot_stack_handle_t aux_stack[2]; };
      struct kasan_free_meta { void *quarantine_link; struct kasan_track free_track; };
      struct kasan_cache { int alloc_meta_offset; int free_meta_offset; };
      struct kmem_cache { struct kasan_cache kasan_info; };`,
    symbols: { stack_pools: POOLS },
    memory: [
      ["unsigned long", POOLS, POOL],
      ["struct stack_record", POOL + 0x10n, { size: 1, handle: { handle: handle(1n) }, entries: [0xaaaan, 0n] }],
      ["struct stack_record", POOL + 0x100n, { size: 1, handle: { handle: handle(16n) }, entries: [0xffffn, 0n] }],
      ["struct kmem_cache", CACHE, { kasan_info: { alloc_meta_offset: 64, free_meta_offset: 0 } }],
      ["struct kasan_alloc_meta", OBJECT + 64n, { alloc_track: { pid: 7, stack: handle(1n) } }],
      ["struct kasan_free_meta", OBJECT, { free_track: { pid: 8, stack: handle(16n) } }],
      ["unsigned char", shadowOf(OBJECT), shadow],
    ],
  });
  return kernel;
}

const tracks = (kernel: ToyKernel) =>
  kasanTracks(kernel, { cache: kernel.object("struct kmem_cache", CACHE), address: OBJECT });

test("an object in quarantine has the stacks of its allocation and of its free", () => {
  const found = tracks(watched(0xfa));
  assert.deepEqual(found?.allocated, { stack: [0xaaaan], pid: 7, cpu: undefined });
  assert.deepEqual(found?.freed, { stack: [0xffffn], pid: 8, cpu: undefined });
});

test("the content of an allocated object is not read as the record of a free", () => {
  assert.equal(tracks(watched(0))?.freed, undefined);
});

test("the shadow of an object shows whether it was freed", () => {
  assert.deepEqual([0xfa, 0xfb, 0, 4, 0xfc].map((shadow) => isFreedForKasan(watched(shadow), OBJECT)), [true, true, false, false, false]); // prettier-ignore
});
