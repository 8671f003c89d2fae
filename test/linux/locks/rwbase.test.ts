/** The reader-writer lock of PREEMPT_RT, by its shape on built memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ToyKernel } from "../../builders/kernel.ts";
import { lockTypes, sleepingKernel } from "../../builders/sleepers.ts";
import { taskAddress } from "../../builders/tasks.ts";
import { rwsemState } from "../../../src/linux/locks/rwsem.ts";
import { taskWait } from "../../../src/linux/locks/taskWait.ts";

const LOCK = 0xffff_8880_3000_0000n;
const READER_BIAS = -(2 ** 31);
const WRITER_BIAS = 2 ** 30;

const types = `${lockTypes.replace(/struct rw_semaphore \{[^}]*\};/, "")}
  typedef struct { int counter; } atomic_t;
  struct rt_mutex_base { struct raw_spinlock wait_lock; void *waiters, *leftmost; struct task_struct *owner; };
  struct rwbase_rt { atomic_t readers; struct rt_mutex_base rtmutex; };
  struct rw_semaphore { struct rwbase_rt rwbase; };`;

/** Task 5 sleeps in down_write(), with the lock's address on its stack; `readers` and `owner` are those of the lock. */
const kernelWith = (readers: number, owner: bigint, caller = "work"): ToyKernel =>
  sleepingKernel({
    sleepers: [
      { pid: 5, comm: "writer", functions: ["schedule", "rwbase_write_lock", caller], words: [[1, 0x40, LOCK]] },
    ],
    types,
    memory: [["struct rw_semaphore", LOCK, { rwbase: { readers: { counter: readers }, rtmutex: { owner } } }]],
  });

test("a writer of PREEMPT_RT that has the rt_mutex waits for the readers, and not for itself", () => {
  const { resource, mode, state, unknown } = taskWait(kernelWith(2, taskAddress(5)), taskAddress(5));
  assert.deepEqual(resource, { kind: "rwsem", type: "struct rw_semaphore", address: LOCK });
  assert.deepEqual([mode, state?.holders, unknown], ["write", [], undefined]);
  assert.match(state?.note ?? "", /waits for its readers to leave/);
});

test("a writer of an rwlock_t waits for an rwlock", () => {
  const { resource } = taskWait(kernelWith(2, taskAddress(5), "rt_write_lock"), taskAddress(5));
  assert.deepEqual(resource, { kind: "rwlock", type: "struct rwbase_rt", address: LOCK });
});

test("whoever waits behind such a writer waits for it, and sees that readers have the lock", () => {
  const { holders, note } = rwsemState(kernelWith(1, taskAddress(5)), LOCK);
  assert.deepEqual(
    holders.map(({ task, certainty }) => [task, certainty]),
    [[taskAddress(5), "certain"]],
  );
  assert.equal(holders[0]?.how, "the writer, which waits for 1 reader to leave and blocks new readers");
  assert.match(note ?? "", /^held by 1 reader,/);
});

test("with the bias of a writer the owner of the rt_mutex has the lock; with that of readers, nobody is recorded", () => {
  assert.equal(rwsemState(kernelWith(WRITER_BIAS, taskAddress(5)), LOCK).holders[0]?.how, "rt_mutex.owner");
  assert.equal(rwsemState(kernelWith(READER_BIAS, 0n), LOCK).isFree, true);
  const read = rwsemState(kernelWith(READER_BIAS + 3, 0n), LOCK);
  assert.deepEqual([read.holders, read.note], [[], "held by 3 readers, which the lock does not record"]);
});

test("a lock that more readers left than entered counts a negative number of readers, and names no holder", () => {
  const { holders, readers, note } = rwsemState(kernelWith(2 ** 31 - 1, 0n), LOCK);
  assert.deepEqual([holders, readers], [[], -1]);
  assert.match(note ?? "", /^it counts -1 readers: it was released for reading more often than it was taken/);
});

test("a word that only looks like a lock of the task is not taken for one", () => {
  const { resource, unknown } = taskWait(kernelWith(WRITER_BIAS, taskAddress(5)), taskAddress(5));
  assert.equal(resource, undefined);
  assert.match(unknown ?? "", /^not exactly one lock is found/);
});
