import assert from "node:assert/strict";
import { test } from "node:test";
import {
  presentPages,
  residentPageCount,
  spannedPages,
  taskMemory,
  virtualPageCount,
} from "../../../src/linux/mm/mm.ts";
import { taintLetters } from "../../../src/linux/module/taint.ts";
import { crashTime, hz, loadAverages, uptime } from "../../../src/linux/time/timekeeping.ts";
import { utsname } from "../../../src/linux/utsname.ts";
import { ringbuffer } from "../../builders/log.ts";
import { toyKernel, type ToyValue } from "../../builders/kernel.ts";
import { taskAddress, toyTasks } from "../../builders/tasks.ts";

const MM = 0xffff_8880_6000_0000n;

test("memory of a task is counted by its mm, with negative counters as zero", () => {
  const kernel = toyTasks({
    cpus: [0],
    tasks: [{ pid: 1, comm: "init", with: { mm: MM } }, { pid: 2, comm: "kthreadd" }], // prettier-ignore
    more: { memory: [["struct mm_struct", MM, { total_vm: 500, pgd: 0x9000n, rss_stat: [{ counter: 10 }, { counter: -4 }, { counter: 99 }, { counter: 7 }] }]] }, // prettier-ignore
  });
  const [init, kthread] = [1, 2].map((pid) => kernel.object("struct task_struct", taskAddress(pid)));
  assert.ok(init && kthread);
  assert.deepEqual([virtualPageCount(init), residentPageCount(init)], [500, 17]);
  assert.deepEqual([virtualPageCount(kthread), residentPageCount(kthread)], [0, 0]);
  assert.equal(taskMemory(init).name, "user of pid 1");
  assert.throws(() => taskMemory(kthread), { kind: "unmapped" });
});

test("for per-CPU counters, the parts of each CPU are added", () => {
  const types = `
    struct percpu_counter { long long count; int *counters; };
    struct mm_struct { unsigned long total_vm; struct percpu_counter rss_stat[4]; };
    struct task_struct { struct mm_struct *mm; };`;
  const kernel = toyKernel({
    types,
    symbols: { __per_cpu_offset: 0x100n, __cpu_possible_mask: 0x200n, nr_cpu_ids: 0x208n },
    memory: [
      ["unsigned long", 0x100n, 0x1_0000n],
      ["unsigned long", 0x108n, 0x2_0000n],
      ["unsigned long", 0x200n, 3n],
      ["unsigned int", 0x208n, 2],
      ["int", 0x1_0040n, 5],
      ["int", 0x2_0040n, -2],
      ["struct mm_struct", MM, { rss_stat: [{ count: 100, counters: 0x40n }] }],
      ["struct task_struct", 0x3000n, { mm: MM }],
    ],
  });
  assert.equal(residentPageCount(kernel.object("struct task_struct", 0x3000n)), 103);
});

const uts = (text: string): ToyValue => new TextEncoder().encode(text.padEnd(65, "\0"));

test("the names of the system are read by VMCOREINFO alone", () => {
  const fields = ["Linux", "host", "6.1.0", "#1 SMP", "x86_64", "(none)"];
  const kernel = toyKernel({
    vmcoreinfo: { "SYMBOL(init_uts_ns)": "1000", "OFFSET(uts_namespace.name)": "16" },
    memory: fields.map((field, i) => ["char [65]", 0x1010n + BigInt(i * 65), uts(field)] as const),
  });
  const { sysname, nodename, release, version, machine, domainname } = utsname(kernel);
  assert.deepEqual([sysname, nodename, release, version, machine, domainname], fields);
});

test("pages of every node are added up, without types too", () => {
  const kernel = toyKernel({
    vmcoreinfo: { "OFFSET(pglist_data.node_start_pfn)": "8", "OFFSET(pglist_data.node_spanned_pages)": "24" },
    symbols: { node_data: 0x1000n, nr_node_ids: 0x1100n },
    memory: [
      ["unsigned int", 0x1100n, 3],
      ["unsigned long [3]", 0x1000n, [0x2000n, 0n, 0x3000n]],
      ["unsigned long [4]", 0x2000n, [0, 0, 900, 1000]],
      ["unsigned long [4]", 0x3000n, [0, 1000, 1900, 2000]],
    ],
  });
  assert.deepEqual([presentPages(kernel), spannedPages(kernel)], [2800, 3000]);
});

/** jiffies_64 of a machine that has been up for so many seconds. */
const jiffies = (rate: number, seconds: number): bigint =>
  BigInt.asUintN(32, BigInt(-300 * rate)) + BigInt(Math.round(rate * seconds));

test("HZ is the one with which jiffies agree with another clock", () => {
  for (const rate of [100, 250, 300, 1000]) {
    for (const seconds of [7, 299.9, 86_400 * 400]) {
      const { memory, vmcoreinfo } = ringbuffer([
        { text: "last words", nanoseconds: BigInt(Math.round(seconds * 1e9)) },
      ]);
      const kernel = toyKernel({ symbols: { jiffies_64: 0x1000n }, vmcoreinfo, memory: [...memory, ["unsigned long", 0x1000n, jiffies(rate, seconds)]] }); // prettier-ignore
      // At five minutes every HZ says the same, so any answer is right.
      if (Math.abs(seconds - 300) > 1) assert.equal(hz(kernel), rate);
      assert.equal(Math.round(uptime(kernel)), Math.round(seconds));
    }
  }
});

const timeTypes = `
  struct timekeeper { unsigned long long pad; unsigned long long xtime_sec; unsigned long ktime_sec; };
  typedef struct { unsigned int sequence; } seqcount_raw_spinlock_t;`;

test("the timekeeper is found after its seqcount if its struct has no name", () => {
  const kernel = toyKernel({
    types: timeTypes,
    symbols: { tk_core: 0x1000n },
    memory: [["struct timekeeper", 0x1008n, { xtime_sec: 1_800_000_000n }]],
  });
  assert.equal(crashTime(kernel), 1_800_000_000);
});

test("the timekeeper is found by its type if it has one", () => {
  const types = `${timeTypes} struct tk_data { unsigned int seq; unsigned int more[7]; struct timekeeper timekeeper; }; struct tk_data tk_core;`;
  const kernel = toyKernel({ types, symbols: { tk_core: 0x1000n }, memory: [["tk_core", { timekeeper: { xtime_sec: 1_900_000_000n } }]] }); // prettier-ignore
  assert.equal(crashTime(kernel), 1_900_000_000);
});

test("without types, the time in kdump's note is used, or none", () => {
  assert.equal(crashTime(toyKernel({ vmcoreinfo: { CRASHTIME: "1795000000" } })), 1_795_000_000);
  assert.throws(() => crashTime(toyKernel()), { kind: "unknown" });
});

test("load averages are rounded as crash rounds them", () => {
  const kernel = toyKernel({ symbols: { avenrun: 0x1000n }, memory: [["unsigned long [3]", 0x1000n, [0, 2048 * 3 + 1024, 327]]] }); // prettier-ignore
  assert.deepEqual(loadAverages(kernel), ["0.00", "3.50", "0.16"]);
});

test("taint letters are read from the kernel's own table if possible", () => {
  assert.equal(taintLetters(toyKernel(), 0x3080n), "DOE");
  const types = "struct taint_flag { char c_true; char c_false; }; struct taint_flag taint_flags[3];";
  const flags = ["P", "F", "z"].map((letter) => ({ c_true: letter.charCodeAt(0) }));
  const kernel = toyKernel({ types, symbols: { taint_flags: 0x1000n }, memory: [["taint_flags", flags]] });
  assert.equal(taintLetters(kernel, 5n), "Pz");
});
