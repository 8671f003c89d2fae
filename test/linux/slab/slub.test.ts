import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { slabCaches } from "../../../src/linux/slab/slab.ts";
import { slabAt, slabObjectAt, slabState } from "../../../src/linux/slab/slabObject.ts";
import { countSlabs } from "../../../src/linux/slab/slabScan.ts";
import { countedByNodes, slabUsage } from "../../../src/linux/slab/slabUsage.ts";
import type { ToyKernel, ToyValue } from "../../builders/kernel.ts";
import { DIRECT_MAP, memoryOf, pagedKernel, pageOf, perCpu } from "../../builders/pages.ts";

const CACHES = 0xffff_ffff_8200_0100n;
const CACHE = memoryOf(0x100);
const NODE = memoryOf(0x101);
const CPU_SLAB = 0x8000n;
/** Slabs of one page with 16 objects of 256 bytes. */
const STRIDE = 256;
const SLAB = 0x200;
const PG_SLAB = 1n << 9n;

const LISTED = "char *name; struct list_head list;";
const NODE_TYPE = `
  struct kmem_cache_node { unsigned long nr_partial; struct list_head partial; atomic_long_t nr_slabs; atomic_long_t total_objects; struct list_head full; };
  struct kmem_cache_order_objects { unsigned int x; };`;
const CACHE_MEMBERS = `unsigned int flags, size, object_size, offset, red_left_pad; struct kmem_cache_order_objects oo; ${LISTED}`;
const COUNTS =
  "union { unsigned long counters; struct { unsigned inuse:16; unsigned objects:15; unsigned frozen:1; }; };";

/** `struct slab` as of v5.17. */
const OWN_SLAB = `
  struct kmem_cache;
  struct slab { unsigned long __page_flags; union { struct list_head slab_list; struct { struct slab *next; int slabs; }; };
    struct kmem_cache *slab_cache; void *freelist; ${COUNTS} };`;
const typesWith = (more: string): string => `${OWN_SLAB} ${NODE_TYPE}
  struct kmem_cache_cpu { void **freelist; unsigned long tid; struct slab *slab; struct slab *partial; };
  struct kmem_cache { struct kmem_cache_cpu *cpu_slab; ${CACHE_MEMBERS} ${more} struct kmem_cache_node *node[1]; };
  struct list_head slab_caches;`;

interface Given {
  readonly types?: string;
  readonly cache?: { readonly [member: string]: ToyValue };
  readonly total?: number;
  /** Where KFENCE's pool begins, if there is one. */
  readonly kfence?: bigint;
  readonly pageSize?: number;
}

/** A machine with one cache that has one node and no slab on any CPU. */
function machine({
  types = typesWith(""),
  cache = {},
  total = 16,
  kfence = 0n,
  pageSize = 4096,
}: Given = {}): ToyKernel {
  const kernel = pagedKernel({
    types,
    vmcoreinfo: { PAGESIZE: String(pageSize) },
    symbols: { slab_caches: CACHES, slub_debug_enabled: CACHES + 0x80n, __kfence_pool: CACHES + 0x90n },
    memory: [
      ["unsigned int", CACHES + 0x80n, 0],
      ["unsigned long", CACHES + 0x90n, kfence],
    ],
  });
  const link = kernel.object("struct kmem_cache", CACHE).at("list").address;
  kernel.put("struct list_head", CACHES, { next: link, prev: link });
  kernel.put("struct kmem_cache", CACHE, {
    name: "toys", size: STRIDE, object_size: 200, offset: 0, oo: { x: 16 }, list: { next: CACHES, prev: CACHES },
    ...(kernel.object("struct kmem_cache", 0n).has("cpu_slab") ? { cpu_slab: CPU_SLAB } : {}),
    node: [NODE],
    ...cache,
  }); // prettier-ignore
  const partial = kernel.object("struct kmem_cache_node", NODE).at("partial").address;
  kernel.put("struct kmem_cache_node", NODE, {
    nr_slabs: { counter: total / 16 },
    total_objects: { counter: total },
    partial: { next: partial, prev: partial },
  });
  for (const cpu of [0, 1]) kernel.put("unsigned long [4]", perCpu(CPU_SLAB, cpu), [0, 0, 0, 0]);
  return kernel;
}

const object = (index: number, slab = SLAB): bigint => memoryOf(slab) + BigInt(index * STRIDE);

/** Puts a slab whose own freelist leads through `free`; `mixed` stores the pointers as the cache does. */
function putSlab(
  kernel: ToyKernel,
  inuse: number,
  free: readonly bigint[],
  mixed = (to: bigint, _at: bigint) => to,
): void {
  kernel.put("unsigned char [4096]", memoryOf(SLAB), []);
  const type = kernel.types.find("struct", "slab") ? "struct slab" : "struct page";
  kernel.put("struct page", pageOf(SLAB), { flags: PG_SLAB });
  const flags = type === "struct slab" ? { __page_flags: PG_SLAB } : { flags: PG_SLAB };
  kernel.put(type, pageOf(SLAB), {
    ...flags,
    slab_cache: CACHE,
    freelist: free[0] ?? 0n,
    counters: inuse | (16 << 16),
  });
  chain(kernel, free, mixed);
}

function chain(kernel: ToyKernel, free: readonly bigint[], mixed: (to: bigint, at: bigint) => bigint): void {
  free.forEach((at, i) => kernel.put("unsigned long", at, mixed(free[i + 1] ?? 0n, at)));
}

function putPartial(kernel: ToyKernel): void {
  const head = kernel.object("struct kmem_cache_node", NODE).at("partial").address;
  const list = kernel.types.find("struct", "slab") ? "slab.slab_list" : "page.lru";
  const [type = "", member = ""] = list.split(".");
  const link = kernel.object(`struct ${type}`, pageOf(SLAB)).at(member).address;
  kernel.put("struct list_head", head, { next: link, prev: link });
  kernel.put("struct list_head", link, { next: head, prev: head });
}

const cacheOf = (kernel: ToyKernel) => [...slabCaches(kernel)][0]!;
const usageOf = (kernel: ToyKernel) => slabUsage(cacheOf(kernel));
const freeOf = (kernel: ToyKernel, index: number) => slabState(slabObjectAt(kernel, object(index))!.slab);

test("free objects are counted on a node's partial slab", () => {
  const kernel = machine();
  putSlab(kernel, 14, [object(3), object(5)]);
  putPartial(kernel);
  assert.deepEqual(usageOf(kernel), { allocated: 14, total: 16, slabs: 1 });
  assert.deepEqual([...freeOf(kernel, 0).free], [[3, ""], [5, ""]]); // prettier-ignore
});

test("objects on a CPU's freelist are free, though the slab counts them as in use", () => {
  const kernel = machine();
  putSlab(kernel, 16, []);
  chain(kernel, [object(1), object(2), object(9)], (to) => to);
  kernel.put("struct kmem_cache_cpu", perCpu(CPU_SLAB, 1), { freelist: object(1), slab: pageOf(SLAB) });
  assert.deepEqual(usageOf(kernel), { allocated: 13, total: 16, slabs: 1 });
  assert.deepEqual([...freeOf(kernel, 0).free.values()], ["cpu 1 cache", "cpu 1 cache", "cpu 1 cache"]);
});

test("partial slabs of a CPU count, also of one that has no current slab", () => {
  const kernel = machine();
  putSlab(kernel, 0, []);
  kernel.put("struct kmem_cache_cpu", perCpu(CPU_SLAB, 0), { partial: pageOf(SLAB) });
  assert.deepEqual(usageOf(kernel), { allocated: 0, total: 16, slabs: 1 });
});

const RANDOM = 0x1234_5678_9abc_def0n;
const swapped = (value: bigint): bigint => Buffer.from(value.toString(16).padStart(16, "0"), "hex").readBigUInt64LE();

for (const [since, place] of [
  ["v4.14", (at: bigint) => at],
  ["v5.7", swapped],
] as const) {
  test(`hardened freelist pointers of ${since} are followed`, () => {
    const kernel = machine({ types: typesWith("unsigned long random;"), cache: { random: RANDOM, offset: 128 } });
    putSlab(kernel, 13, []);
    const free = [object(15), object(0), object(7)];
    free.forEach((at, i) => kernel.put("unsigned long", at + 128n, (free[i + 1] ?? 0n) ^ RANDOM ^ place(at + 128n)));
    kernel.put("void *", kernel.object("struct slab", pageOf(SLAB)).at("freelist").address, object(15));
    assert.deepEqual([...freeOf(kernel, 0).free.keys()], [15, 0, 7]);
  });
}

test("a freelist that leaves its slab yields the objects before that, and the fault", () => {
  const kernel = machine();
  putSlab(kernel, 13, [object(4), object(6), 0xdead_0000n]);
  const { free, fault } = freeOf(kernel, 0);
  assert.deepEqual([...free.keys()], [4, 6]);
  assert.match(fault?.message ?? "", /leads to dead0000/);
});

test("a freelist that loops ends", () => {
  const kernel = machine();
  putSlab(kernel, 13, [object(4), object(6)]);
  kernel.put("unsigned long", object(6), object(4));
  assert.match(freeOf(kernel, 0).fault?.message ?? "", /more entries than/);
});

test("a slab with more objects in use than it contains is a fault of its cache", () => {
  const kernel = machine();
  putSlab(kernel, 17, []);
  putPartial(kernel);
  const usage = attempt(() => usageOf(kernel));
  assert.ok(usage instanceof Fault && usage.kind === "corrupt");
});

test("until v5.16 slabs are described by struct page", () => {
  const counts =
    "void *freelist; union { unsigned long counters; struct { unsigned inuse:16; unsigned objects:15; unsigned frozen:1; }; };";
  const types = `struct kmem_cache; ${NODE_TYPE}
    struct kmem_cache_cpu { void **freelist; unsigned long tid; struct page *page; struct page *partial; };
    struct kmem_cache { struct kmem_cache_cpu *cpu_slab; ${CACHE_MEMBERS} struct kmem_cache_node *node[1]; };
    struct list_head slab_caches;`;
  // The members of slabs overlay those of pages: the toy's page gets them in place of mapping, index and private.
  const page = `struct page { unsigned long flags; union { struct list_head lru; unsigned long compound_head; struct page *next; };
    struct kmem_cache *slab_cache; ${counts} atomic_t _mapcount; atomic_t _refcount; unsigned long memcg_data; };`;
  const kernel = machine({ types: `${types.replace("struct kmem_cache;", `struct kmem_cache; ${page}`)}` });
  putSlab(kernel, 15, [object(8)]);
  putPartial(kernel);
  assert.deepEqual(usageOf(kernel), { allocated: 15, total: 16, slabs: 1 });
});

test("objects in sheaves are free (v6.18), of CPUs and of a node's barn", () => {
  const sheaf = (name: string) => `struct slab_sheaf *${name};`;
  const types = `${OWN_SLAB} struct node_barn { struct list_head sheaves_full; };
    struct kmem_cache_node { unsigned long nr_partial; struct list_head partial; atomic_long_t nr_slabs; atomic_long_t total_objects; struct node_barn *barn; };
    struct kmem_cache_order_objects { unsigned int x; };
    struct slab_sheaf { struct list_head barn_list; unsigned int size; void *objects[4]; };
    struct slub_percpu_sheaves { ${sheaf("main")} ${sheaf("spare")} ${sheaf("rcu_free")} };
    struct kmem_cache { struct slub_percpu_sheaves *cpu_sheaves; ${CACHE_MEMBERS} struct kmem_cache_node *node[1]; };
    struct list_head slab_caches;`;
  const kernel = machine({ types, cache: { cpu_sheaves: CPU_SLAB } });
  putSlab(kernel, 16, []);
  const [main, full, barn] = [memoryOf(0x300), memoryOf(0x301), memoryOf(0x302)];
  kernel.put("struct slub_percpu_sheaves", perCpu(CPU_SLAB, 0), { main });
  kernel.put("struct slab_sheaf", main, { size: 2, objects: [object(1), object(2)] });
  kernel.put("struct slab_sheaf", full, { size: 1, objects: [object(3)], barn_list: { next: barn, prev: barn } });
  kernel.put("struct node_barn", barn, { sheaves_full: { next: full, prev: full } });
  kernel.put("struct node_barn *", kernel.object("struct kmem_cache_node", NODE).at("barn").address, barn);
  assert.deepEqual(usageOf(kernel), { allocated: 13, total: 16, slabs: 1 });
  assert.deepEqual([...freeOf(kernel, 0).free], [[1, "cpu 0 sheaf"], [2, "cpu 0 sheaf"], [3, "node 0 barn"]]); // prettier-ignore
  // Objects of a sheaf that cannot be read are not known to be in use.
  const damaged = machine({ types, cache: { cpu_sheaves: CPU_SLAB } });
  putSlab(damaged, 16, []);
  damaged.put("struct slub_percpu_sheaves", perCpu(CPU_SLAB, 0), { main });
  damaged.put("struct slab_sheaf", main, { size: 0x7fff_ffff });
  assert.match(freeOf(damaged, 0).fault?.message ?? "", /sheaf size of 2147483647 objects exceeds the limit/);
});

test("an address within an object names it; one past the last does not", () => {
  const kernel = machine({ cache: { size: 300 } });
  kernel.put("struct page", pageOf(SLAB), { flags: PG_SLAB });
  putSlab(kernel, 13, []);
  kernel.put("unsigned long", kernel.object("struct slab", pageOf(SLAB)).at("counters").address, 13 | (13 << 16));
  assert.equal(slabObjectAt(kernel, memoryOf(SLAB) + 900n)?.index, 3);
  assert.equal(slabObjectAt(kernel, memoryOf(SLAB) + 4000n), undefined);
  assert.equal(slabObjectAt(kernel, memoryOf(SLAB + 1)), undefined);
});

test("without CONFIG_SLUB_DEBUG slabs are counted page by page", () => {
  const types = typesWith("").replace(
    "atomic_long_t nr_slabs; atomic_long_t total_objects; struct list_head full;",
    "",
  );
  const kernel = pagedKernel({ types, symbols: { slab_caches: CACHES } });
  const link = kernel.object("struct kmem_cache", CACHE).at("list").address;
  kernel.put("struct list_head", CACHES, { next: link, prev: link });
  kernel.put("struct kmem_cache", CACHE, { name: "toys", size: STRIDE, list: { next: CACHES, prev: CACHES } });
  kernel.put("struct page [64]", pageOf(SLAB), []);
  for (const pfn of [SLAB, SLAB + 3])
    kernel.put("struct slab", pageOf(pfn), { __page_flags: PG_SLAB, slab_cache: CACHE, counters: 9 | (16 << 16) });
  assert.ok(attempt(() => usageOf(kernel)) instanceof Fault);
  const scan = countSlabs(kernel);
  let step = scan.next();
  while (!step.done) step = scan.next();
  assert.deepEqual(step.value.get(CACHE), { slabs: 2, total: 32 });
});

test("the SLAB allocator lists its slabs, and objects in per-CPU caches are free", () => {
  const types = `struct kmem_cache;

    struct page { unsigned long flags; union { struct list_head lru; struct list_head slab_list; unsigned long compound_head; };
      struct kmem_cache *slab_cache; void *freelist; void *s_mem; union { unsigned int active; atomic_t _mapcount; }; atomic_t _refcount; unsigned long memcg_data; };
    struct array_cache { unsigned int avail, limit; void *entry[0]; };
    struct kmem_cache_node { struct list_head slabs_partial, slabs_full, slabs_free; struct array_cache *shared; };
    struct kmem_cache { struct array_cache *cpu_cache; unsigned int flags, size, object_size, num, gfporder; ${LISTED} struct kmem_cache_node *node[1]; };
    struct list_head slab_caches;`;
  const kernel = pagedKernel({ types, symbols: { slab_caches: CACHES } });
  const link = kernel.object("struct kmem_cache", CACHE).at("list").address;
  kernel.put("struct list_head", CACHES, { next: link, prev: link });
  kernel.put("struct kmem_cache", CACHE, {
    name: "toys", size: STRIDE, object_size: 200, num: 15, list: { next: CACHES, prev: CACHES }, cpu_cache: CPU_SLAB, node: [NODE],
  }); // prettier-ignore
  const [partial, full, free] = [0n, 16n, 32n].map((offset) => NODE + offset);
  const lru = pageOf(SLAB) + 8n;
  kernel.put("struct kmem_cache_node", NODE, {
    slabs_partial: { next: lru, prev: lru },
    slabs_full: { next: full!, prev: full! },
    slabs_free: { next: free!, prev: free! },
  });
  const first = memoryOf(SLAB) + 64n;
  const freelist = memoryOf(0x300);
  kernel.put("struct page", pageOf(SLAB), { flags: PG_SLAB, lru: { next: partial!, prev: partial! }, slab_cache: CACHE, freelist, s_mem: first, active: 12 }); // prettier-ignore
  kernel.put("unsigned char [16]", freelist, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 3, 7]);
  const at = (index: number): bigint => first + BigInt(index * STRIDE);
  for (const [cpu, kept] of [[at(1)], [at(4), at(5)]].entries()) {
    kernel.put("struct array_cache", perCpu(CPU_SLAB, cpu), { avail: kept.length });
    kernel.put("unsigned long [2]", perCpu(CPU_SLAB, cpu) + 8n, kept);
  }
  assert.deepEqual(usageOf(kernel), { allocated: 9, total: 15, slabs: 1 });
  const object = slabObjectAt(kernel, first + BigInt(2 * STRIDE + 5));
  assert.equal(object?.index, 2);
  assert.deepEqual([...slabState(object.slab).free], [
    [14, ""], [3, ""], [7, ""], [1, "cpu 0 cache"], [4, "cpu 1 cache"], [5, "cpu 1 cache"],
  ]); // prettier-ignore
  assert.equal(slabState(object.slab).fault, undefined);
  assert.deepEqual(countedByNodes(cacheOf(kernel)), { total: 15, slabs: 1 });
});

test("an object of KFENCE is on no freelist, and not known to be in use for that", () => {
  const states = [0n, memoryOf(SLAB - 2)].map((kfence) => {
    const kernel = machine({ kfence });
    putSlab(kernel, 1, []);
    kernel.put("struct slab", pageOf(SLAB), { __page_flags: PG_SLAB, slab_cache: CACHE, counters: 1 | (1 << 16) });
    return freeOf(kernel, 0);
  });
  assert.deepEqual(
    states.map(({ free }) => free.size),
    [0, 0],
  );
  assert.equal(states[0]?.fault, undefined);
  assert.match(states[1]?.fault?.message ?? "", /KFENCE/);
});

test("KFENCE's pool is larger with larger pages", () => {
  // The slab is 768 MiB after the start of the pool: in it with pages of 8 KiB, behind it with pages of 4 KiB.
  const faults = [4096, 8192].map((pageSize) => {
    const kernel = machine({ pageSize, kfence: DIRECT_MAP + BigInt(SLAB * pageSize) - (768n << 20n) });
    // With pages of 8 KiB a root of the sections has a second page of entries.
    kernel.put("unsigned char [4096]", DIRECT_MAP + 0x7_1000n, []);
    kernel.put("struct page", pageOf(SLAB), { flags: PG_SLAB });
    kernel.put("struct slab", pageOf(SLAB), {
      __page_flags: PG_SLAB,
      slab_cache: CACHE,
      freelist: 0n,
      counters: 1 | (1 << 16),
    });
    return slabState(slabAt(cacheOf(kernel), pageOf(SLAB))).fault?.message ?? "";
  });
  assert.equal(faults[0], "");
  assert.match(faults[1] ?? "", /KFENCE/);
});
