import assert from "node:assert/strict";
import { test } from "node:test";
import {
  freeByOrder,
  largestCaches,
  gaugeOf,
  largestTasks,
  nodesOf,
  partsOf,
  vmallocCallers,
  zonesOf,
} from "../../src/panels/memoryParts.ts";
import { bytesText } from "../../src/panels/units.ts";
import type { Grid, GridCell } from "../../src/protocol/grid.ts";

const grid = (...records: Record<string, GridCell>[]): Grid => ({
  tables: records.map((record) => ({
    columns: Object.keys(record).map((name) => ({ name, kind: "text" })),
    rows: [Object.values(record)],
  })),
  remarks: [],
  omissions: [],
  more: false,
});
const usage = (totalPages: number, hugeBytes = 0): Grid =>
  grid(
    { name: "TOTAL MEM", pages: totalPages, bytes: totalPages * 4096 },
    { name: "TOTAL HUGE", pages: hugeBytes / 4096, bytes: hugeBytes },
  );
const counters = (values: Record<string, number>): Grid =>
  grid(...Object.entries(values).map(([name, value]) => ({ table: "vm_node_stat", name, value })));
const pages = (total: number, values: Record<string, number>, huge = 0) =>
  Object.fromEntries(partsOf(usage(total, huge), counters(values)).map(({ name, bytes }) => [name, bytes / 4096]));

test("the parts add up to the total", () => {
  assert.deepEqual(
    pages(1000, { NR_FREE_PAGES: 400, NR_FILE_PAGES: 200, NR_SHMEM: 50, NR_SWAPCACHE: 10, NR_KERNEL_STACK_KB: 40 }),
    { Free: 400, "Page cache": 140, "Shared memory, tmpfs": 50, "Kernel stacks": 10, Other: 400 },
  );
  assert.deepEqual(pages(1000, { NR_FREE_PAGES: 400 }, 4096 * 100), { Free: 400, "Huge pages": 100, Other: 500 });
});

test("slab counters are found by their older names too", () => {
  assert.equal(pages(100, { NR_SLAB_RECLAIMABLE: 5 })["Slab, reclaimable"], 5);
  assert.equal(pages(100, { NR_SLAB_RECLAIMABLE_B: 6 })["Slab, reclaimable"], 6);
});

test("a part lists its counters", () => {
  const [cache] = partsOf(usage(100), counters({ NR_FILE_PAGES: 9, NR_SHMEM: 1 }));
  assert.equal(cache?.from, "NR_FILE_PAGES - NR_SHMEM");
});

test("counters that claim more than there is leave no negative rest", () => {
  assert.deepEqual(pages(10, { NR_FREE_PAGES: 50 }), { Free: 50 });
});

test("without a total there is no picture", () => {
  assert.deepEqual(partsOf(grid(), counters({ NR_FREE_PAGES: 1 })), []);
});

test("caches are sorted by the memory of their slabs; an unreadable one is left out", () => {
  const cache = (name: string, bytes: GridCell) => ({
    cache: "0xffff888000000000",
    name,
    objectSize: 100,
    allocated: 10,
    total: 40,
    bytes,
  });
  const caches = largestCaches(
    grid(
      cache("small", 4096),
      cache("large", 12288),
      cache("broken", { fault: "excluded", address: null, message: "gone" }),
    ),
    5,
  );
  assert.deepEqual(
    caches.map(({ name, waste }) => [name, waste]),
    [
      ["large", 12288 - 1000],
      ["small", 4096 - 1000],
    ],
  );
});

test("free blocks of all zones and types are counted by order", () => {
  const free = grid(
    { zone: 0, free: 3 },
    { order: 1, blocks: 2, pages: 4 },
    { order: 0, blocks: 1, pages: 1 },
    { order: 1, blocks: 1, pages: 2 },
  );
  assert.deepEqual(freeByOrder(free), [
    { order: 0, blocks: 1, pages: 1 },
    { order: 1, blocks: 3, pages: 6 },
  ]);
});

test("sizes are shown in a fitting unit", () => {
  assert.deepEqual([0, 1023, 1536, 63_258_624].map(bytesText), ["0 bytes", "1023 bytes", "1.5 KiB", "60.3 MiB"]);
});

test("per-CPU memory, vmalloc and what was reserved at boot are parts of all that is present", () => {
  const counted = counters({ NR_FREE_PAGES: 400, NR_KERNEL_STACK_KB: 40 });
  const more = { present: 1200, perCpu: { populated: 60, atBoot: 20 }, vmalloc: 110, stacksInVmalloc: true };
  const parts = partsOf(usage(1000), counted, more);
  const found = Object.fromEntries(parts.map(({ name, bytes }) => [name, bytes / 4096]));
  assert.deepEqual(found, {
    Free: 400,
    "Kernel stacks": 10,
    vmalloc: 100,
    "Per-CPU": 60,
    // The first per-CPU chunk is told of under its own name.
    "Reserved at boot": 180,
    Other: 450,
  });
  assert.equal(
    parts.reduce((sum, { bytes }) => sum + bytes, 0),
    1200 * 4096,
  );
});

test("zones with memory show their free pages and their lowest watermark", () => {
  const zones = zonesOf(
    grid(
      { node: 0, zone: 0, address: "0x10", name: "DMA", spanned: 4095, present: 3998, min: 67, low: 83, high: 99 },
      { address: "0x10", name: "NR_FREE_PAGES", value: 50 },
      { node: 0, zone: 1, address: "0x20", name: "Normal", spanned: 0, present: 0, min: 0, low: 0, high: 0 },
    ),
  );
  assert.deepEqual(
    zones.map(({ name, free, min, present }) => [name, free, min, present]),
    [["DMA", 50, 67, 3998]],
  );
});

const zone = (node: number, present: number, free: number, watermarks = [10, 20, 30]) => ({
  node,
  name: "Normal",
  address: `0x${node}`,
  present,
  free,
  watermarks,
  min: 10,
});

test("a node has the memory of its zones", () => {
  assert.deepEqual(
    nodesOf([zone(0, 100, 40), zone(1, 50, 5), zone(0, 20, 20)]).map(({ node, present, free, zones }) => [
      node,
      present,
      free,
      zones.length,
    ]),
    [
      [0, 120, 60, 2],
      [1, 50, 5, 1],
    ],
  );
});

test("free pages are shown against the watermarks, and fill the bar at three times the highest", () => {
  assert.deepEqual(gaugeOf(zone(0, 1000, 45)), { free: 0.5, marks: [10 / 90, 20 / 90, 30 / 90] });
  assert.equal(gaugeOf(zone(0, 1000, 500))?.free, 1);
  assert.equal(gaugeOf(zone(0, 1000, 500, [0, 0, 0])), undefined);
});

test("processes are sorted by resident memory, and those without any are left out", () => {
  const task = (pid: number, rss: number) => ({ pid, rss, comm: `c${pid}`, task: `0x${pid}` });
  assert.deepEqual(
    largestTasks(grid(task(1, 5), task(2, 0), task(3, 9)), 5).map(({ pid, bytes }) => [pid, bytes]),
    [
      [3, 9],
      [1, 5],
    ],
  );
});

test("vmalloc areas are summed by who set them up", () => {
  const area = (caller: string | null, size: number) => ({ vmapArea: "0x1", size, caller });
  assert.deepEqual(vmallocCallers(grid(area("load_module", 5), area(null, 7), area("load_module", 9))), [
    { name: "load_module", areas: 2, bytes: 14 },
    { name: "unknown", areas: 1, bytes: 7 },
  ]);
});
