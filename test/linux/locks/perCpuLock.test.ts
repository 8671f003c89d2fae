/** Names of locks in per-CPU variables, such as a local_lock of PREEMPT_RT. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { percpuRwsemState } from "../../../src/linux/locks/percpuRwsem.ts";
import { resourceName } from "../../../src/linux/locks/resourceName.ts";
import { type Toy, toyKernel } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_3000_0000n;

const toy: Toy = {
  types: `struct task_struct { int pid; };
    struct rt_mutex_base { unsigned int wait_lock; void *waiters, *leftmost; struct task_struct *owner; };
    struct local_lock { struct rt_mutex_base lock; };
    struct cpu_fbatches { long count; struct local_lock lock; };
    struct cpumask { unsigned long bits[1]; };
    struct cpumask __cpu_possible_mask;
    struct cpu_fbatches cpu_fbatches;
    unsigned long __per_cpu_offset[2];
    unsigned int nr_cpu_ids;`,
  symbols: {
    __per_cpu_start: 0n,
    cpu_fbatches: 0x40n,
    __per_cpu_end: 0x1000n,
    __per_cpu_offset: BASE,
    nr_cpu_ids: BASE + 0x20n,
    __cpu_possible_mask: BASE + 0x30n,
  },
  memory: [
    ["__per_cpu_offset", [BASE + 0x1_0000n, BASE + 0x2_0000n]],
    ["nr_cpu_ids", 2],
    ["__cpu_possible_mask", { bits: [3n] }],
  ],
};

const nameOf = (address: bigint, kernel = toyKernel(toy)): string | undefined =>
  resourceName(kernel, { kind: "rt_mutex", type: "struct rt_mutex_base", address });

test("a lock in a per-CPU variable is named by its member and the CPU", () => {
  assert.equal(nameOf(BASE + 0x2_0000n + 0x48n), "cpu_fbatches.lock.lock of CPU 1");
  assert.equal(nameOf(BASE + 0x1_0000n + 0x48n), "cpu_fbatches.lock.lock of CPU 0");
});

test("an address in no CPU's copy has no such name", () => {
  assert.equal(nameOf(BASE + 0x9_0000n), undefined);
});

test("a CPU whose offset cannot be read does not hide the copies of the others", () => {
  // Only the second of the offsets was put, on a page of its own.
  const symbols = { ...toy.symbols, __per_cpu_offset: BASE - 8n };
  const memory = toy.memory!.filter(([name]) => name !== "__per_cpu_offset");
  const kernel = toyKernel({ ...toy, symbols, memory });
  kernel.put("unsigned long", BASE, BASE + 0x2_0000n);
  assert.equal(nameOf(BASE + 0x2_0000n + 0x48n, kernel), "cpu_fbatches.lock.lock of CPU 1");
});

test("a percpu_rw_semaphore is free if no writer blocks it and the counts of its readers add up to 0", () => {
  const LOCK = BASE + 0x100n;
  const stateOf = (block: number, readers: readonly [number, number]) => {
    const kernel = toyKernel({
      ...toy,
      types: `${toy.types} struct percpu_rw_semaphore { struct { struct task_struct *task; } writer;
        unsigned int *read_count; struct { int counter; } block; };`,
    });
    kernel.put("struct percpu_rw_semaphore", LOCK, { read_count: 0x80n, block: { counter: block } });
    readers.forEach((count, cpu) => kernel.put("int", BASE + BigInt(cpu + 1) * 0x1_0000n + 0x80n, count));
    return percpuRwsemState(kernel, LOCK);
  };
  // A reader may have released it on another CPU than the one on which it took it.
  assert.equal(stateOf(0, [1, -1]).isFree, true);
  assert.equal(stateOf(0, [1, 0]).isFree, undefined);
  assert.equal(stateOf(1, [0, 0]).isFree, undefined);
});
