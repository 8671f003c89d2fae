import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { toEnd } from "../../../src/base/job.ts";
import { allocations } from "../../../src/insight/health/allocations.ts";
import { memoryConsumers } from "../../../src/insight/memoryConsumers.ts";
import { allocTags } from "../../../src/linux/mm/allocTag.ts";
import { sentenceText } from "../../../src/insight/finding.ts";
import { checkedOne } from "../../builders/changedSample.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";

const TAGS = 0xffffffff82000000n;
const MODULE_TAGS = 0xffffffffc0100000n;
const GLOBALS = 0xffffffff83000000n;
const COUNTERS = 0x1000n;
const CPU_DATA = [0xffff888000100000n, 0xffff888000200000n] as const;
const TAG = 40n;
const MEBIBYTE = 1 << 20;

const counter = (n: bigint): bigint => COUNTERS + n * 16n;
const codetag = (filename: string, lineno: number, name: string, modname: string | bigint = 0n, flags = 0) => ({ flags, lineno, modname, function: name, filename }); // prettier-ignore

/** Two lines of the kernel, one of a module and one of an unloaded module; two CPUs. */
function machine(counts: readonly (readonly [tag: bigint, cpu: 0 | 1, bytes: number, calls: number])[]): ToyKernel {
  const kernel = toyKernel({
    types: `struct codetag { unsigned flags; unsigned lineno; const char *modname; const char *function; const char *filename; };
      struct alloc_tag_counters { unsigned long long bytes; unsigned long long calls; };
      struct alloc_tag { struct codetag ct; struct alloc_tag_counters *counters; };
      struct maple_tree { unsigned flags; void *ma_root; };
      struct maple_range_64 { unsigned long parent; unsigned long pivot[15]; unsigned long slot[16]; };
      struct maple_node { struct maple_range_64 mr64; };
      struct module { unsigned long state; };`,
    symbols: {
      __start_alloc_tags: TAGS,
      __stop_alloc_tags: TAGS + 2n * TAG,
      start: { name: "__start_alloc_tags", module: "stamps", address: MODULE_TAGS },
      stop: { name: "__stop_alloc_tags", module: "stamps", address: MODULE_TAGS + TAG },
      __cpu_possible_mask: GLOBALS,
      nr_cpu_ids: GLOBALS + 8n,
      __per_cpu_offset: GLOBALS + 16n,
      _totalram_pages: GLOBALS + 32n,
      mod_area_mt: GLOBALS + 64n,
      unloaded_mod: GLOBALS + 128n,
      module_tags: GLOBALS + 192n,
    },
    vmcoreinfo: { PAGESIZE: "4096" },
    memory: [
      ["unsigned long", GLOBALS, 3n],
      ["unsigned int", GLOBALS + 8n, 2],
      ["unsigned long [2]", GLOBALS + 16n, [...CPU_DATA]],
      ["unsigned long", GLOBALS + 32n, 25_600],
      ["unsigned long", GLOBALS + 192n, MODULE_TAGS],
      // One entry at index 0 only: the root of the tree is the entry itself.
      ["struct maple_tree", GLOBALS + 64n, { ma_root: 0n }],
      ["struct alloc_tag", TAGS, { ct: codetag("mm/slub.c", 3282, "alloc_slab_page", 0n, 1), counters: counter(0n) }],
      ["struct alloc_tag", TAGS + TAG, { ct: codetag("fs/dcache.c", 7, "d_alloc"), counters: counter(1n) }],
      ["struct alloc_tag", MODULE_TAGS, { ct: codetag("stamps.c", 19, "fill", "stamps"), counters: counter(2n) }],
      ...CPU_DATA.map((base) => ["unsigned char [64]", base + COUNTERS, []] as const),
    ],
  });
  for (const [tag, cpu, bytes, calls] of counts)
    kernel.put("struct alloc_tag_counters", CPU_DATA[cpu] + counter(tag), { bytes, calls });
  return kernel;
}

const read = (kernel: ToyKernel) =>
  toEnd(allocTags(kernel)).tags.map(({ place, bytes, calls }) => [place.at("lineno").number(), bytes, calls]);

test("the counters of a line are summed over the CPUs, on one of which they may be negative", () => {
  const kernel = machine([
    [0n, 0, 8192, 2],
    [1n, 0, -64, -1],
    [1n, 1, 192, 3],
    [2n, 1, 700, 1],
  ]);
  assert.deepEqual(read(kernel), [
    [3282, 8192, 2],
    [7, 128, 2],
    [19, 700, 1],
  ]);
});

test("a kernel that has tags and counted nothing says which option is off", () => {
  const found = attempt(() => read(machine([])));
  assert.match(found instanceof Fault ? found.message : "", /sysctl\.vm\.mem_profiling is 0$/);
});

test("the largest line comes first, with its module, and with a note where the kernel calls it inaccurate", () => {
  const { consumers, missing } = toEnd(
    memoryConsumers(
      machine([
        [0n, 0, 8192, 2],
        [2n, 1, 9000, 1],
      ]),
    ),
  );
  assert.deepEqual(missing, []);
  assert.deepEqual(consumers, [
    { kind: "allocation tag", bytes: 9000, count: 1, file: "stamps.c", line: 19, function: "fill", module: "stamps" },
    { kind: "allocation tag", bytes: 8192, count: 2, file: "mm/slub.c", line: 3282, function: "alloc_slab_page", module: undefined, note: "not accurate" }, // prettier-ignore
  ]);
});

test("health names a line of the kernel that allocated over a quarter of the memory", () => {
  const { findings } = checkedOne(machine([[2n, 0, 60 * MEBIBYTE, 1]]), allocations);
  assert.deepEqual(
    findings.map(({ severity, text }) => [severity, sentenceText(text)]),
    [["note", "fill at stamps.c:19 of module stamps allocated 60.0 MiB, 60 % of the memory."]],
  );
});

test("health reports neither a smaller share nor the pages of slabs", () => {
  const kernel = machine([
    [0n, 0, 80 * MEBIBYTE, 1],
    [2n, 0, 20 * MEBIBYTE, 1],
  ]);
  const { findings, said } = checkedOne(kernel, allocations);
  assert.deepEqual(findings, []);
  assert.equal(said, "The largest is alloc_slab_page with 80.0 MiB, 80 % of the memory, counted by allocation tag.");
});
