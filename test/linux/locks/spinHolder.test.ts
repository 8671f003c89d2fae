import assert from "node:assert/strict";
import { test } from "node:test";
import type { Arch } from "../../../src/arch/arch.ts";
import { ppc64le } from "../../../src/arch/ppc64le/ppc64le.ts";
import { s390x } from "../../../src/arch/s390x/s390x.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { foundSpinHolders, isHolderUnrecorded } from "../../../src/linux/locks/spinHolder.ts";
import { summary } from "../../../src/model/summary.ts";
import { toyKernel, type ToyValue } from "../../builders/kernel.ts";
import { sleepingKernel } from "../../builders/sleepers.ts";
import { taskAddress } from "../../builders/tasks.ts";

const LOCK = 0x9000n;

/** What is shown beside a `struct raw_spinlock` whose `raw_lock` has some members. */
function shown(members: string, raw_lock: ToyValue, arch: Arch = x86_64): string | undefined {
  const types = `typedef struct { int counter; } atomic_t; struct arch_lock { ${members} };
    struct raw_spinlock { struct arch_lock raw_lock; };`;
  const kernel = toyKernel({ arch, types, memory: [["struct raw_spinlock", LOCK, { raw_lock }]] });
  return summary(kernel.object("struct raw_spinlock", LOCK));
}

test("a queued spinlock is shown as locked, and whether CPUs wait for it", () => {
  const of = (word: number): string | undefined => shown("atomic_t val;", { val: { counter: word } });
  assert.equal(of(0), "unlocked");
  assert.equal(of(1), "locked");
  assert.equal(of(0x40001), "locked; CPUs wait for it");
  assert.equal(of(0x40000), "not locked at this moment; CPUs wait for it");
});

test("a spinlock that does not record its holder is shown with the task that a search of the stacks found", () => {
  const types = `typedef struct { int counter; } atomic_t; struct qspinlock { atomic_t val; };
    struct raw_spinlock { struct qspinlock raw_lock; };`;
  const kernel = sleepingKernel({
    sleepers: [],
    tasks: [{ pid: 7, comm: "owner" }],
    types,
    memory: [["struct raw_spinlock", LOCK, { raw_lock: { val: { counter: 0x40001 } } }]],
  });
  const lock = kernel.object("struct raw_spinlock", LOCK);
  assert.equal(isHolderUnrecorded(lock), true);
  assert.equal(summary(lock), "locked; CPUs wait for it");
  const how = "quay_load on the stack of CPU 0 takes the lock, and nothing shows that it has released it";
  foundSpinHolders(kernel).set(LOCK, [{ task: taskAddress(7), certainty: "likely", how }]);
  assert.equal(summary(lock), `likely held by owner [7] (${how}); CPUs wait for it`);
});

test("a ticket lock is shown with the number of CPUs that wait, also where its numbers have wrapped", () => {
  const arm = "union { unsigned int slock; struct { unsigned short owner, next; } tickets; };";
  const of = (owner: number, next: number): string | undefined => shown(arm, { slock: (next << 16) | owner });
  assert.equal(of(7, 7), "unlocked");
  assert.equal(of(7, 8), "locked");
  assert.equal(of(0x7fff, 0x7fff + 3), "locked; 2 more wait for it");
  assert.equal(shown("int counter;", { counter: 0x0001_ffff }), "locked; 1 more wait for it");
});

test("with qspinlock_key off, a kernel for riscv64 uses its queued spinlocks as ticket locks", () => {
  const types = `typedef struct { int counter; } atomic_t; struct qspinlock { atomic_t val; };
    struct raw_spinlock { struct qspinlock raw_lock; }; struct static_key { atomic_t enabled; };`;
  const of = (counter: number, enabled: number): string | undefined => {
    const kernel = toyKernel({
      types,
      symbols: { qspinlock_key: LOCK + 0x100n },
      memory: [
        ["struct raw_spinlock", LOCK, { raw_lock: { val: { counter } } }],
        ["struct static_key", LOCK + 0x100n, { enabled: { counter: enabled } }],
      ],
    });
    return summary(kernel.object("struct raw_spinlock", LOCK));
  };
  assert.equal(of(0x0005_0005, 0), "unlocked");
  assert.equal(of(0x0007_0005, 0), "locked; 1 more wait for it");
  assert.equal(of(1, 1), "locked");
});

test("on s390x and powerpc the word of a spinlock names the CPU that holds it", () => {
  assert.equal(shown("int lock;", { lock: 0x3 }, s390x), "held by CPU 2");
  assert.equal(shown("int lock;", { lock: 0x0020_0001 }, s390x), "held by CPU 0; CPUs wait for it");
  assert.equal(shown("int lock;", { lock: 0 }, s390x), "unlocked");
  const queued = "union { unsigned int val; struct { unsigned short locked; unsigned char reserved[2]; }; };";
  assert.equal(shown(queued, { val: (5 << 1) | 1 }, ppc64le), "held by CPU 5");
  assert.equal(shown("unsigned int slock;", { slock: 0x8000_0003 }, ppc64le), "held by CPU 3");
});

test("with CONFIG_DEBUG_SPINLOCK a spinlock names the task that holds it; with PREEMPT_RT it is an rt_mutex", () => {
  const types = `typedef struct { int counter; } atomic_t; struct qspinlock { atomic_t val; };
    struct raw_spinlock { struct qspinlock raw_lock; unsigned int magic, owner_cpu; void *owner; };
    struct rt_mutex_base { struct raw_spinlock wait_lock; long waiters; struct task_struct *owner; };
    struct spinlock { struct rt_mutex_base lock; };`;
  const at = 0xffff_8880_3000_0000n;
  const kernel = sleepingKernel({
    sleepers: [],
    tasks: [{ pid: 7, comm: "owner" }],
    types,
    memory: [
      ["struct raw_spinlock", at, { raw_lock: { val: { counter: 1 } }, owner_cpu: 3, owner: taskAddress(7) }],
      ["struct spinlock", at + 0x100n, { lock: { owner: taskAddress(7) | 1n } }],
    ],
  });
  assert.equal(summary(kernel.object("struct raw_spinlock", at)), "held by owner [7] on CPU 3");
  assert.equal(summary(kernel.object("struct spinlock", at + 0x100n)), "held by owner [7]");
});
