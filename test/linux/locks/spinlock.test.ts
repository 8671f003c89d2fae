import assert from "node:assert/strict";
import { test } from "node:test";
import { spinQueue, spinState } from "../../../src/linux/locks/spinlock.ts";
import { s390x } from "../../../src/arch/s390x/s390x.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";
import { toyTasks } from "../../builders/tasks.ts";

const LOCK = 0xffff_8880_3000_0000n;
const PER_CPU = 0xffff_8880_1000_0000n;
/** Offset of the per-CPU array. */
const NODES = 0x800n;
const nodeOf = (cpu: number, level = 0): bigint => PER_CPU + BigInt(cpu) * 0x1000n + NODES + BigInt(level) * 16n;

/** A lock with a word, and which CPU's node points to which. */
type Link = readonly [cpu: number, next: number];

const machine = (word: number, ...links: readonly Link[]): ToyKernel => machineOf(word, links, []);

const machineOf = (word: number, links: readonly Link[], stale: readonly Link[]): ToyKernel =>
  toyTasks({
    cpus: [0, 0, 0, 0],
    tasks: [],
    more: {
      types: `struct cpumask { unsigned long bits[128]; };
        struct mcs_spinlock { struct mcs_spinlock *next; int locked; int count; };
        struct qnode { struct mcs_spinlock mcs; };
        struct qnode qnodes[4];
        typedef struct { int counter; } atomic_t;
        struct qspinlock { atomic_t val; };
        struct raw_spinlock { struct qspinlock raw_lock; };`,
      symbols: { qnodes: NODES },
      memory: [
        ["unsigned int", LOCK, word],
        ...[0, 1, 2, 3].flatMap((cpu) =>
          [0, 1, 2, 3].map((level) => ["struct qnode", nodeOf(cpu, level), {}] as const),
        ),
        ...links.map(
          ([cpu, next]) => ["struct qnode", nodeOf(cpu), { mcs: { next: nodeOf(next), count: 1 } }] as const,
        ),
        // The node of a CPU that got the lock still points to the next one.
        ...stale.map(([cpu, next]) => ["struct qnode", nodeOf(cpu), { mcs: { next: nodeOf(next) } }] as const),
      ],
    },
  });

/** The word of a lock that is held, whose queue ends with a CPU's first node. */
const tailWord = (cpu: number): number => ((cpu + 1) << 18) | 1;

test("the queue of a spinlock is that of its nodes, the tail last", () => {
  const queue = spinQueue(machine(tailWord(3), [1, 0], [0, 3]), LOCK);
  assert.deepEqual(
    queue.map(({ cpu }) => cpu),
    [1, 0, 3],
  );
});

test("a CPU that left the queue of a spinlock is not in it", () => {
  const queue = spinQueue(machineOf(tailWord(3), [[0, 3]], [[1, 0]]), LOCK);
  assert.deepEqual(
    queue.map(({ cpu }) => cpu),
    [0, 3],
  );
});

test("a spinlock of s390x is read in its own layout, and its word names the CPU that holds it", () => {
  const types = "typedef struct { int lock; } arch_spinlock_t; struct raw_spinlock { arch_spinlock_t raw_lock; };";
  const of = (lock: number) => {
    const kernel = toyKernel({
      arch: s390x,
      types,
      memory: [["struct raw_spinlock", 0x9000n, { raw_lock: { lock } }]],
    });
    return spinState(kernel, "spinlock", 0x9000n);
  };
  const field = { type: "struct raw_spinlock", address: 0x9000n, path: "raw_lock.lock", value: "0x100" };
  assert.deepEqual(of(0x100), { isTaken: true, note: undefined, cpu: 255, fields: [field] });
  assert.match(of(0x0020_0000).note ?? "", /not locked at this moment/);
  assert.equal(of(0).isTaken, false);
});

test("a spinlock without a tail has no queue", () => {
  assert.deepEqual(spinQueue(machine(1), LOCK), []);
});

test("nodes that form a loop end the queue", () => {
  assert.ok(spinQueue(machine(tailWord(1), [0, 1], [1, 0]), LOCK).length <= 2);
});

test("the word of a lock gives whether it is taken, and for an rwlock the number of readers", () => {
  assert.equal(spinState(machine(0), "spinlock", LOCK).isTaken, false);
  assert.equal(spinState(machine(tailWord(1)), "spinlock", LOCK).isTaken, true);
  assert.equal(spinState(machine(0x4ff), "rwlock", LOCK).note, "held by a writer");
  assert.equal(spinState(machine(0x500), "rwlock", LOCK).note, "readers: 2; a writer waits");
  assert.equal(spinState(machine(0x200), "rwlock", LOCK).note, "readers: 1");
  assert.match(spinState(machine(0xffff_fe00), "rwlock", LOCK).note ?? "", /^it counts -1 readers: it was released/);
});
