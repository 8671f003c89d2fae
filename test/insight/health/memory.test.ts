import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sentenceText } from "../../../src/insight/finding.ts";
import {
  dentries,
  pageTables,
  perCpuMemory,
  unreclaimableSlab,
  vmallocMemory,
} from "../../../src/insight/health/kernelMemory.ts";
import { memoryCgroups } from "../../../src/insight/health/memoryCgroups.ts";
import { swap } from "../../../src/insight/health/swap.ts";
import { zones } from "../../../src/insight/health/zones.ts";
import { cgroupMemory, memoryCgroups as allCgroups } from "../../../src/linux/mm/memcg.ts";
import { managedPages, zones as allZones } from "../../../src/linux/mm/mmzone.ts";
import { counterNames } from "../../../src/linux/mm/vmstat.ts";
import { cacheNodes, findCache } from "../../../src/linux/slab/slab.ts";
import type { Kernel } from "../../../src/model/kernel.ts";
import type { Obj } from "../../../src/model/object.ts";
import { toyKernel, type ToyKernel, type ToyValue } from "../../builders/kernel.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { changedSample, checked, checkedOne } from "../../builders/changedSample.ts";

const nodeCounter = (kernel: Kernel, name: string): Obj =>
  kernel.variable("vm_node_stat").index(counterNames(kernel, "node_stat_item").indexOf(name)).at("counter");

const healthy = openSession({ vmcore: ["sample/vmcore"] });
const ill = changedSample(({ kernel, put, word }) => {
  put(nodeCounter(kernel, "NR_SLAB_UNRECLAIMABLE_B"), 9000);
  put(nodeCounter(kernel, "NR_PAGETABLE"), 5000);
  put(kernel.variable("nr_vmalloc_pages").at("counter"), 6000);
  word(kernel.symbols.find("pcpu_nr_populated")?.address ?? 0n, 3000);
  const cache = findCache(kernel, "dentry");
  assert.ok(cache);
  for (const { node } of cacheNodes(cache)) put(node.at("nr_slabs.counter"), 4000);
  const free = counterNames(kernel, "zone_stat_item").indexOf("NR_FREE_PAGES");
  for (const zone of allZones(kernel)) if (managedPages(zone) > 0) put(zone.at("vm_stat").index(free).at("counter"), 3);
  const [killed, limited] = [...allCgroups(kernel)].slice(-2);
  assert.ok(killed && limited);
  put(killed.at("memory.usage.counter"), 950);
  put(killed.at("memory.max"), 1000);
  const outOfMemory = kernel.types.enumerator("MEMCG_OOM")?.value ?? 0n;
  for (const member of ["memory_events", "memory_events_local"])
    put(killed.at(member).index(Number(outOfMemory)).at("counter"), 2);
  put(limited.at("memory.usage.counter"), 1000);
  put(limited.at("memory.max"), 1000);
  // A cgroup below it ran out of memory.
  put(limited.at("memory_events").index(Number(outOfMemory)).at("counter"), 2);
});
const [fine, found] = [checked(healthy), checked(ill)];
after(() => {
  healthy.close();
  ill.close();
});

const shares = [
  [unreclaimableSlab, "suspect"],
  [dentries, "note"],
  [pageTables, "suspect"],
  [vmallocMemory, "suspect"],
  [perCpuMemory, "suspect"],
] as const;

for (const [check, severity] of shares)
  test(`${check.title} above their share are a ${severity}, and below it are none`, () => {
    assert.deepEqual(
      found.of(check).map((one) => one.severity),
      [severity],
    );
    assert.deepEqual(fine.of(check), []);
    assert.match(fine.said(check) ?? "", / take [\d.]+ [MK]iB, \d+ % of the memory\.$/);
  });

test("a finding without a remark ends with its sentence", () => {
  assert.match(sentenceText(found.of(pageTables)[0]?.text ?? []), /of the memory\.$/);
});

test("the largest unreclaimable cache is named where unreclaimable slabs take too much", () => {
  // The cache of dentries is larger, but reclaimable.
  assert.match(sentenceText(found.of(unreclaimableSlab)[0]?.text ?? []), /The largest such cache is kernfs_node_cache/);
});

test("zones below their watermark min are suspects", () => {
  assert.deepEqual(
    found.of(zones).map(({ severity, slots }) => [severity, slots["zone"], slots["free"]]),
    [
      ["suspect", "DMA", 3],
      ["suspect", "DMA32", 3],
    ],
  );
  assert.deepEqual(fine.of(zones), []);
});

test("a memory cgroup at its limit is named with its path", () => {
  const [killed, one] = found.of(memoryCgroups);
  assert.deepEqual([killed?.severity, killed?.slots["outOfMemory"]], ["suspect", 2]);
  assert.deepEqual([one?.severity, one?.slots["outOfMemory"]], ["note", 0]);
  assert.deepEqual([one?.slots["usage"], one?.slots["limit"]], [1000, 1000]);
  assert.match(String(one?.slots["path"]), /^\/./);
  assert.deepEqual(fine.of(memoryCgroups), []);
});

test("a memory cgroup at its limit is said not to have run out of memory only if the kernel counts that", () => {
  const words = (members: string): string => {
    const kernel = toyKernel({
      types: `struct list_head { struct list_head *next, *prev; };
        struct kernfs_node { struct kernfs_node *parent; const char *name; };
        struct cgroup { struct kernfs_node *kn; };
        struct cgroup_subsys_state { struct cgroup *cgroup; struct list_head sibling, children; };
        struct atomic { long counter; };
        struct page_counter { struct atomic usage; unsigned long max; };
        enum memcg_event { MEMCG_OOM, MEMCG_OOM_KILL };
        struct mem_cgroup { struct cgroup_subsys_state css; struct page_counter memory; ${members} };
        struct mem_cgroup *root_mem_cgroup;`,
      symbols: { root_mem_cgroup: 0x1000n },
      memory: [
        ["unsigned long", 0x1000n, 0x2000n],
        [
          "struct mem_cgroup",
          0x2000n,
          {
            css: { cgroup: 0x3000n, children: { next: 0x2018n, prev: 0x2018n } },
            memory: { usage: { counter: 9n }, max: 9n },
          },
        ],
        ["struct cgroup", 0x3000n, { kn: 0n }],
      ],
    });
    return JSON.stringify(checkedOne(kernel, memoryCgroups).findings.map((one) => one.text));
  };
  assert.match(
    words("struct atomic memory_events[2];"),
    /; it did not run out of memory: a part of what it uses can be/,
  );
  assert.match(words(""), /; a part of what it uses can be page cache/);
});

test("of many memory cgroups at their limit the rest is counted", () => {
  const address = (i: number): bigint => 0x4000n + BigInt(i) * 0x100n;
  const count = 18;
  const kernel = toyKernel({
    types: `struct list_head { struct list_head *next, *prev; };
      struct kernfs_node { struct kernfs_node *parent; const char *name; };
      struct cgroup { struct kernfs_node *kn; };
      struct cgroup_subsys_state { struct cgroup *cgroup; struct list_head sibling, children; };
      struct atomic { long counter; };
      struct page_counter { struct atomic usage; unsigned long max; };
      struct mem_cgroup { struct cgroup_subsys_state css; struct page_counter memory; };
      struct mem_cgroup *root_mem_cgroup;`,
    symbols: { root_mem_cgroup: 0x1000n },
    memory: [
      ["unsigned long", 0x1000n, 0x2000n],
      [
        "struct mem_cgroup",
        0x2000n,
        {
          css: { cgroup: 0x3000n, children: { next: address(0) + 8n, prev: address(count - 1) + 8n } },
          memory: { usage: { counter: 1n }, max: 9n },
        },
      ],
      ["struct cgroup", 0x3000n, { kn: 0n }],
      ...Array.from({ length: count }, (_, i): [string, bigint, ToyValue] => [
        "struct mem_cgroup",
        address(i),
        {
          css: {
            cgroup: 0x3000n,
            sibling: {
              next: i + 1 < count ? address(i + 1) + 8n : 0x2018n,
              prev: i > 0 ? address(i - 1) + 8n : 0x2018n,
            },
            children: { next: address(i) + 24n, prev: address(i) + 24n },
          },
          memory: { usage: { counter: 9n }, max: 9n },
        },
      ]),
    ],
  });
  const { findings } = checkedOne(kernel, memoryCgroups);
  assert.equal(findings.length, 17);
  assert.equal(sentenceText(findings.at(-1)?.text ?? []), "2 more memory cgroups are at or near their limit.");
});

test("a memory cgroup without a limit has the largest count of pages as its limit", () => {
  const [root] = allCgroups(healthy.context.kernel);
  assert.ok(root && cgroupMemory(root).limit > 1e12);
});

test("a machine without swap space says so", () => {
  assert.equal(fine.said(swap), "The machine has no swap space.");
});

/** A machine with one swap file of 100 pages. */
const withSwap = (used: number): ToyKernel =>
  toyKernel({
    types: `struct file { int unused; };
      struct swap_info_struct { unsigned long flags; unsigned int pages; unsigned int inuse_pages; struct file *swap_file; };`,
    symbols: { nr_swapfiles: 0x1000n, swap_info: 0x1008n },
    memory: [
      ["unsigned int", 0x1000n, 1],
      ["unsigned long", 0x1008n, 0x2000n],
      ["struct swap_info_struct", 0x2000n, { flags: 3, pages: 100, inuse_pages: used, swap_file: 0x3000n }],
    ],
  });

test("swap space that is nearly full is a suspect, half of it a note, less is none", () => {
  assert.deepEqual(
    [95, 60, 40].map((used) => checkedOne(withSwap(used), swap).findings.map(({ severity }) => severity)),
    [["suspect"], ["note"], []],
  );
  assert.equal(checkedOne(withSwap(40), swap).said, "160.0 KiB of 400.0 KiB swap space are in use, 40 %.");
});
