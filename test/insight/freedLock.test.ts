/** A spinlock in a free object. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { freedLock } from "../../src/insight/checks/spinningLock.ts";
import type { CpuContext } from "../../src/insight/cpuContext.ts";
import { sentenceText } from "../../src/insight/finding.ts";
import type { Frame } from "../../src/unwind/frame.ts";
import { memoryOf, pagedKernel, pageOf, perCpu } from "../builders/pages.ts";

const CACHES = 0xffff_ffff_8200_0100n;
const CACHE = memoryOf(0x100);
const SLAB = 0x200;
const CPU_SLAB = 0x8000n;

/** A kernel with a slab of one cache whose fourth object of 256 bytes is free. */
function kernelWith(flags: number) {
  const kernel = pagedKernel({
    types: `struct kmem_cache; struct kmem_cache_order_objects { unsigned int x; };
      struct slab { unsigned long __page_flags; struct list_head slab_list; struct kmem_cache *slab_cache; void *freelist;
        union { unsigned long counters; struct { unsigned inuse:16; unsigned objects:15; unsigned frozen:1; }; }; };
      struct kmem_cache_cpu { void **freelist; unsigned long tid; struct slab *slab; struct slab *partial; };
      struct kmem_cache { struct kmem_cache_cpu *cpu_slab; unsigned int flags, size, object_size, offset, red_left_pad;
        struct kmem_cache_order_objects oo; char *name; struct list_head list; struct kmem_cache_node *node[1]; };
      struct kmem_cache_node { unsigned long nr_partial; struct list_head partial; }; struct list_head slab_caches;`,
    symbols: { slab_caches: CACHES },
  });
  const members = { flags, size: 256, object_size: 200, oo: { x: 16 }, name: "toys", cpu_slab: CPU_SLAB };
  const link = kernel.object("struct kmem_cache", CACHE).at("list").address;
  kernel.put("struct list_head", CACHES, { next: link, prev: link });
  kernel.put("struct kmem_cache", CACHE, { ...members, list: { next: CACHES, prev: CACHES } });
  for (const cpu of [0, 1]) kernel.put("unsigned long [4]", perCpu(CPU_SLAB, cpu), [0, 0, 0, 0]);
  kernel.put("unsigned char [4096]", memoryOf(SLAB), []);
  kernel.put("struct page", pageOf(SLAB), { flags: 1n << 9n });
  const free = memoryOf(SLAB) + 0x300n;
  kernel.put("struct slab", pageOf(SLAB), {
    __page_flags: 1n << 9n,
    slab_cache: CACHE,
    freelist: free,
    counters: 15 | (16 << 16),
  });
  return { kernel, lock: free + 8n };
}

function findingOf(flags: number) {
  const { kernel, lock } = kernelWith(flags);
  const context = { cpu: 1, task: { address: 0x1000n } } as unknown as CpuContext;
  const [found] = freedLock(kernel, context, { pc: 1n } as Frame, { lock, asker: "work" });
  return found;
}

test("a lock in a free object is certain, but for a cache of SLAB_TYPESAFE_BY_RCU only likely", () => {
  assert.deepEqual([findingOf(0)?.id, findingOf(0)?.certainty], ["lock.freed", "certain"]);
  const likely = findingOf(0x80000);
  assert.equal(likely?.certainty, "likely");
  assert.match(likely ? sentenceText(likely.text) : "", /Readers under RCU may take the lock/);
});
