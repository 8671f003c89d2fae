import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { freeBlockOf, freeBlocks, freeListOf, freeLists } from "../../../src/linux/mm/buddy.ts";
import { physicalToVirtual } from "../../../src/linux/mm/directMap.ts";
import { memoryModel, pageToPfn, pfnToPage } from "../../../src/linux/mm/memoryModel.ts";
import { nodeOfPfn, watermarks, zones } from "../../../src/linux/mm/mmzone.ts";
import { pageFlagNames, pageTypeTest } from "../../../src/linux/mm/pageFlags.ts";
import { pageStructs } from "../../../src/linux/mm/pageStruct.ts";
import { compoundHead } from "../../../src/linux/slab/slabPage.ts";
import { memSections } from "../../../src/linux/mm/sparse.ts";
import { counterNames, globalCounter, globalCounters, vmEvents } from "../../../src/linux/mm/vmstat.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { FRAMES, memoryOf, pagedKernel, pageOf, perCpu, VMEMMAP } from "../../builders/pages.ts";

test("page frames and their structs are converted to each other through the sections", () => {
  const kernel = pagedKernel();
  assert.deepEqual(memoryModel(kernel).runs, [{ first: 0, end: FRAMES, base: VMEMMAP }]);
  assert.equal(pfnToPage(kernel, 77), pageOf(77));
  assert.equal(pageToPfn(kernel, pageOf(77) + 8n), 77);
  assert.equal(pfnToPage(kernel, FRAMES), undefined);
  assert.equal(pageToPfn(kernel, VMEMMAP - 1n), undefined);
  assert.equal(physicalToVirtual(kernel, 0x5000n), memoryOf(5));
});

test("without CONFIG_SPARSEMEM_EXTREME sections are in the table itself", () => {
  const kernel = toyKernel({
    types: "struct mem_section { unsigned long section_mem_map; void *usage; };",
    symbols: { mem_section: 0x1000n },
    vmcoreinfo: { PAGESIZE: "4096", "SYMBOL(mem_section)": "1000", "LENGTH(mem_section)": "3" },
    memory: [["struct mem_section [3]", 0x1000n, [{ section_mem_map: 0x8003n }, {}, { section_mem_map: 0x9003n }]]],
  });
  assert.deepEqual(
    [...memSections(kernel)].map(({ number, encoded }) => [number, encoded]),
    [[0, 0x8003n], [2, 0x9003n]], // prettier-ignore
  );
});

test("with flat memory the structs are in an array of each node", () => {
  const kernel = toyKernel({
    types: `struct page { unsigned long flags, words[3]; };
      struct pglist_data { struct page *node_mem_map; unsigned long node_start_pfn, node_spanned_pages; };`,
    symbols: { contig_page_data: 0x2000n },
    memory: [
      ["struct pglist_data", 0x2000n, { node_mem_map: 0x10_0000n, node_start_pfn: 0x40000, node_spanned_pages: 16 }],
    ],
  });
  assert.equal(pfnToPage(kernel, 0x40002), 0x10_0040n);
  assert.equal(pageToPfn(kernel, 0x10_0040n), 0x40002);
  assert.equal(pfnToPage(kernel, 1), undefined);
});

test("structs of pages are read in order, a missing page of them is one fault", () => {
  const kernel = pagedKernel();
  kernel.put("struct page [64]", pageOf(0), [{ flags: 1n << 12n, _refcount: { counter: 1 } }]);
  kernel.put("struct page [64]", pageOf(128), [{ _refcount: { counter: -1 }, mapping: 0xabcn }]);
  const seen = [...pageStructs(kernel, 0, 192)];
  assert.equal(seen.length, 64 + 1 + 64);
  assert.ok(seen[64] instanceof Fault);
  const last = seen[65];
  assert.ok(last && !(last instanceof Fault));
  assert.deepEqual([last.pfn, last.count, last.mapping], [128, -1, 0xabcn]);
});

test("a flag's first name is the bit's own", () => {
  assert.deepEqual(pageFlagNames(pagedKernel(), (1n << 1n) | (1n << 9n) | (1n << 60n)), ["referenced", "slab"]);
});

test("page types are cleared bits, or since v6.12 a number in the highest byte", () => {
  const bits = pageTypeTest(pagedKernel(), "buddy");
  assert.deepEqual([bits?.(0xffffff7f), bits?.(0xffffffff), bits?.(0)], [true, false, false]);
  const number = pageTypeTest(
    pagedKernel({ vmcoreinfo: { "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)": "-184549376" } }),
    "slab",
  );
  assert.deepEqual([number?.(0xf5000003), number?.(0xf0000000), number?.(0xffffffff)], [true, false, false]);
  assert.equal(pageTypeTest(pagedKernel(), "offline"), undefined);
});

test("a tail page refers to its head, by address or by a mask", () => {
  const kernel = pagedKernel();
  kernel.put("struct page [8]", pageOf(8), [
    {},
    { compound_head: pageOf(8) | 1n },
    { compound_head: BigInt.asUintN(64, ~511n) | 1n },
  ]);
  assert.equal(compoundHead(kernel, pageOf(8)), pageOf(8));
  assert.equal(compoundHead(kernel, pageOf(9)), pageOf(8));
  assert.equal(compoundHead(kernel, pageOf(10)), pageOf(8));
});

const ZONE = {
  zone_start_pfn: 0,
  spanned_pages: FRAMES,
  name: "Normal",
  _watermark: [10, 20, 30, 40],
  watermark_boost: 5,
};

test("a free block is found by any of its pages, and on its list", () => {
  const kernel = pagedKernel({}, ZONE);
  const [zone] = [...zones(kernel)];
  assert.ok(zone);
  const lists = [...freeLists(zone)];
  assert.deepEqual(lists.map(({ order }) => order), [0, 0, 1, 1, 2, 2]); // prettier-ignore
  for (const { address } of lists) kernel.put("struct list_head", address, { next: address, prev: address });
  const list = lists[5]!;
  const free = { _mapcount: { counter: -129 }, private: 2, lru: { next: list.address, prev: list.address } };
  kernel.put("struct page [8]", pageOf(0x100), [free, {}, {}, {}, { _mapcount: { counter: -1 } }]);
  kernel.put("struct list_head", list.address, { next: pageOf(0x100) + 8n, prev: pageOf(0x100) + 8n });
  assert.deepEqual([...freeBlocks(kernel, list)], [pageOf(0x100)]);
  assert.deepEqual(freeBlockOf(kernel, 0x103), { pfn: 0x100, order: 2 });
  assert.equal(freeBlockOf(kernel, 0x104), undefined);
  assert.equal(freeListOf(kernel, { pfn: 0x100, order: 2 })?.list.address, list.address);
});

test("watermarks are those stored and the boost", () => {
  assert.deepEqual([...zones(pagedKernel({}, ZONE))].map(watermarks), [[15, 25, 35]]);
  assert.deepEqual([nodeOfPfn(pagedKernel(), 1), nodeOfPfn(pagedKernel(), FRAMES)], [0, undefined]);
});

test("of two names for a counter the later one is used, and a negative sum is zero", () => {
  const kernel = pagedKernel({
    symbols: { vm_zone_stat: 0xffff_ffff_8300_0000n },
    memory: [["long [2]", 0xffff_ffff_8300_0000n, [77, -3]]],
  });
  assert.deepEqual(counterNames(kernel, "zone_stat_item"), ["NR_FREE_PAGES", "NR_ZONE_INACTIVE_ANON"]);
  assert.equal(globalCounter(kernel, "NR_OLD_NAME", "NR_FREE_PAGES"), 77);
  assert.equal(globalCounter(kernel, "NR_ZONE_INACTIVE_ANON"), 0);
  assert.equal(globalCounter(kernel, "NR_NOTHING"), undefined);
});

test("a kernel without NUMA has no counters in its array of NUMA events", () => {
  const kernel = pagedKernel({ symbols: { vm_numa_event: 0xffff_ffff_8300_0000n } });
  assert.equal(globalCounters(kernel, { variable: "vm_numa_event", enumName: "numa_stat_item" }), undefined);
});

test("events are summed over all CPUs that can be", () => {
  const kernel = pagedKernel({
    types:
      "enum vm_event_item { PGPGIN, PGPGOUT, NR_VM_EVENT_ITEMS }; struct vm_event_state { unsigned long event[2]; }; struct vm_event_state vm_event_states;",
    symbols: { vm_event_states: 0x4000n },
    memory: [0, 1].map((cpu) => ["unsigned long [2]", perCpu(0x4000n, cpu), [cpu + 1, 10]] as const),
  });
  assert.deepEqual(vmEvents(kernel), [{ name: "PGPGIN", value: 3 }, { name: "PGPGOUT", value: 20 }]); // prettier-ignore
  assert.equal(vmEvents(pagedKernel()), undefined);
});

test("missing data about sections is a fault, not a crash", () => {
  const fault = attempt(() =>
    memoryModel(toyKernel({ symbols: { mem_section: 0x1000n }, types: "struct page { long x; };" })),
  );
  assert.ok(fault instanceof Fault);
});
