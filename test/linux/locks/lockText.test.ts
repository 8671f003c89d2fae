import assert from "node:assert/strict";
import { test } from "node:test";
import { summary } from "../../../src/model/summary.ts";
import { lockTypes, sleepingKernel } from "../../builders/sleepers.ts";
import { taskAddress } from "../../builders/tasks.ts";
import { toyContext, transcript } from "../../builders/transcript.ts";
import type { ToyValue } from "../../builders/kernel.ts";

const LOCK = 0xffff_8880_3000_0000n;

const kernelWith = (type: string, value: ToyValue, types: string) =>
  sleepingKernel({ sleepers: [], tasks: [{ pid: 7, comm: "owner" }], types, memory: [[type, LOCK, value]] });

/** What stands beside a lock wherever it is shown. */
function shown(type: string, value: ToyValue, types = lockTypes): string | undefined {
  const kernel = kernelWith(type, value, types);
  return summary(kernel.object(type, LOCK));
}

test("a mutex is shown with its owner by name", () => {
  assert.equal(shown("struct mutex", { owner: { counter: taskAddress(7) | 1n } }), "held by owner [7]");
  assert.equal(shown("struct mutex", { owner: { counter: 1n } }), "unlocked");
});

test("a reader-writer semaphore is shown with its writer, or with how many read it", () => {
  const of = (count: bigint, owner: bigint): string | undefined =>
    shown("struct rw_semaphore", { count: { counter: count }, owner: { counter: owner } });
  assert.equal(of(1n, taskAddress(7)), "held by owner [7]");
  assert.equal(of(0n, taskAddress(7) | 1n), "unlocked");
  assert.equal(
    of(0x300n, taskAddress(7) | 1n),
    "possibly held by owner [7]; held by 3 readers, which the lock does not record",
  );
  assert.equal(
    of(BigInt.asUintN(64, -0x100n) | 2n, taskAddress(7) | 1n),
    "it counts -1 readers: it was released for reading more often than it was taken, or its word was overwritten",
  );
});

test("an exhausted semaphore reports that its holders are not recorded", () => {
  assert.equal(shown("struct semaphore", { count: 1 }), "unlocked");
  assert.equal(shown("struct semaphore", { count: 0 }), "a semaphore does not record who took it");
});

test("an rt_mutex is shown with its owner, whether the lock is a struct within it or it is the lock itself", () => {
  const old = `${lockTypes} struct rt_mutex { struct raw_spinlock wait_lock; struct task_struct *owner; };`;
  const base = "struct rt_mutex_base { struct raw_spinlock wait_lock; struct task_struct *owner; };";
  const since = `${lockTypes} ${base} struct rt_mutex { struct rt_mutex_base rtmutex; };`;
  assert.equal(shown("struct rt_mutex", { owner: taskAddress(7) | 1n }, old), "held by owner [7]");
  assert.equal(shown("struct rt_mutex", { rtmutex: { owner: taskAddress(7) | 1n } }, since), "held by owner [7]");
  assert.equal(shown("struct rt_mutex_base", { owner: 0n }, since), "unlocked");
});

test("the command struct prints who holds a lock below its members", () => {
  const kernel = kernelWith("struct mutex", { owner: { counter: taskAddress(7) | 1n } }, lockTypes);
  const line = `struct mutex ${LOCK.toString(16)}`;
  assert.match(transcript(toyContext(kernel), line), /\n\}\nheld by owner \[7\]$/);
  assert.doesNotMatch(transcript(toyContext(kernel), `struct mutex.owner ${LOCK.toString(16)}`), /held by/);
});

test("struct and p print who holds the locks within an object, and leave out those that are free", () => {
  const types = `${lockTypes} struct owner_lock { struct mutex lock; };
    struct file_node { int mode; struct rw_semaphore i_rwsem; struct { struct mutex idle; struct owner_lock inner; }; };`;
  const kernel = kernelWith(
    "struct file_node",
    {
      i_rwsem: { count: { counter: 1n }, owner: { counter: taskAddress(7) } },
      inner: { lock: { owner: { counter: taskAddress(7) } } },
    },
    types,
  );
  const at = LOCK.toString(16);
  const held = /\n\}\ni_rwsem: held by owner \[7\]\ninner\.lock: held by owner \[7\]$/;
  assert.match(transcript(toyContext(kernel), `struct file_node ${at}`), held);
  assert.match(transcript(toyContext(kernel), `struct file_node.i_rwsem ${at}`), /\ni_rwsem: held by owner \[7\]$/);
  assert.match(transcript(toyContext(kernel), `p *(struct file_node *)0x${at}`), held);
  assert.match(
    transcript(toyContext(kernel), `p ((struct file_node *)0x${at})->i_rwsem`),
    /\n\}\nheld by owner \[7\]$/,
  );
});
