import assert from "node:assert/strict";
import { test } from "node:test";
import { blockedTasks } from "../../../src/linux/locks/blockedTasks.ts";
import type { Wait } from "../../../src/linux/locks/resource.ts";
import { taskWait } from "../../../src/linux/locks/taskWait.ts";
import { taskPid } from "../../../src/linux/sched/task.ts";
import type { ToyKernel } from "../../builders/kernel.ts";
import { lockTypes, ring, ringTypes, type Sleeper, sleepingKernel, waiterAddress } from "../../builders/sleepers.ts";
import { taskAddress } from "../../builders/tasks.ts";

const LOCK = 0xffff_8880_3000_0000n;
/** Offsets of `wait_list` in the toy's structs. */
const MUTEX_LIST = 16n;
const RWSEM_LIST = 24n;
const FIRST_WAITER = 16n;
const COMPLETION_LIST = 16n;

const inMutex = (pid: number): Sleeper => ({
  pid,
  comm: `task-${pid}`,
  functions: ["schedule", "__mutex_lock", "shelve"],
});
const waiter = (pid: number) => ["struct mutex_waiter", waiterAddress(pid), { task: taskAddress(pid) }] as const;

/** Two tasks wait for a mutex that a third has; the owner word has flags besides. */
const mutexKernel = (owner: bigint): ToyKernel =>
  sleepingKernel({
    sleepers: [inMutex(5), inMutex(6)],
    tasks: [{ pid: 7, comm: "owner" }],
    symbols: {
      shelf_lock: { address: LOCK, size: 32, type: "d" },
      // The scheduler's and the lock's functions, which are put first.
      __sched_text_start: 0xffff_ffff_80ff_f000n,
      __sched_text_end: 0xffff_ffff_8100_1fffn,
    },
    memory: [
      ["struct mutex", LOCK, { owner: { counter: owner } }],
      waiter(5),
      waiter(6),
      ...ring(LOCK + MUTEX_LIST, waiterAddress(6), waiterAddress(5)),
    ],
  });

const waitOf = (kernel: ToyKernel, pid: number): Wait => taskWait(kernel, taskAddress(pid));

test("a task in mutex_lock waits for the mutex whose list holds the waiter on its stack", () => {
  const { resource, waiter, function: name, queue, unknown } = waitOf(mutexKernel(taskAddress(7) | 1n), 5);
  assert.deepEqual(resource, { kind: "mutex", type: "struct mutex", address: LOCK });
  assert.deepEqual(waiter, { type: "struct mutex_waiter", address: waiterAddress(5) });
  assert.equal(name, "shelve");
  assert.deepEqual(
    queue.map(({ task }) => task),
    [taskAddress(6), taskAddress(5)],
  );
  assert.equal(unknown, undefined);
});

test("the owner of a mutex is its owner word without the flags", () => {
  for (const flags of [0n, 1n, 2n, 3n]) {
    const { state } = waitOf(mutexKernel(taskAddress(7) | flags), 5);
    assert.deepEqual(
      state?.holders.map(({ task, certainty }) => [task, certainty]),
      [[taskAddress(7), "certain"]],
    );
  }
});

test("an owner word with flags but without a task means that the mutex is free", () => {
  for (const flags of [0n, 1n, 3n]) {
    const { state } = waitOf(mutexKernel(flags), 5);
    assert.equal(state?.isFree, true);
    assert.deepEqual(state.holders, []);
  }
});

test("a stale waiter on the stack that is not in a list is ignored", () => {
  const kernel = sleepingKernel({
    sleepers: [inMutex(5)],
    memory: [
      ["struct mutex_waiter", waiterAddress(5), { task: taskAddress(5), list: { next: LOCK, prev: LOCK } }],
      ["struct mutex", LOCK, {}],
    ],
  });
  const { resource, unknown } = waitOf(kernel, 5);
  assert.equal(resource, undefined);
  assert.match(unknown ?? "", /no struct mutex_waiter of the task that is in a list/);
});

test("no lock is found through a list with contradictory links", () => {
  const kernel = mutexKernel(taskAddress(7));
  kernel.put("unsigned long", waiterAddress(6) + 8n, waiterAddress(5));
  const { resource, unknown } = waitOf(kernel, 5);
  assert.equal(resource, undefined);
  assert.match(unknown ?? "", /whose previous (waiter|node) is|no struct mutex_waiter/);
});

const ringKernel = (members: string, blocker: bigint, ...words: NonNullable<Sleeper["words"]>): ToyKernel =>
  sleepingKernel({
    types: ringTypes,
    taskMembers: members,
    sleepers: [{ ...inMutex(5), words, ...(members === "" ? {} : { with: { blocker } }) }, inMutex(6)],
    tasks: [{ pid: 7, comm: "owner" }],
    memory: [
      ["struct mutex", LOCK, { owner: { counter: taskAddress(7) }, first_waiter: waiterAddress(6) }],
      waiter(5),
      waiter(6),
      ...ring(waiterAddress(5), waiterAddress(6)),
    ],
  });

test("if the ring of waiters does not contain the lock, the word of the stack that points into it is used", () => {
  const { resource, queue } = waitOf(ringKernel("", 0n, [1, 0x50, LOCK]), 5);
  assert.equal(resource?.address, LOCK);
  assert.deepEqual(
    queue.map(({ task }) => task),
    [taskAddress(6), taskAddress(5)],
  );
});

test("without such a word the lock is unknown", () => {
  const { resource, unknown } = waitOf(ringKernel("", 0n), 5);
  assert.equal(resource, undefined);
  assert.match(unknown ?? "", /does not contain the lock/);
});

test("a ring of one waiter is resolved to the lock whose first waiter it is", () => {
  const kernel = sleepingKernel({
    types: ringTypes,
    // The second word leads to the waiter's own link, where a lock would have its first waiter.
    sleepers: [{ ...inMutex(5), words: [[1, 0x50, LOCK], [1, 0x58, waiterAddress(5) - FIRST_WAITER]] }], // prettier-ignore
    memory: [["struct mutex", LOCK, { first_waiter: waiterAddress(5) }], waiter(5), ...ring(waiterAddress(5))],
  });
  const { resource, queue } = waitOf(kernel, 5);
  assert.equal(resource?.address, LOCK);
  assert.deepEqual(
    queue.map(({ task }) => task),
    [taskAddress(5)],
  );
});

test("task_struct.blocker gives the lock if the kernel has it", () => {
  const { resource } = waitOf(ringKernel("unsigned long blocker;", LOCK), 5);
  assert.equal(resource?.address, LOCK);
});

test("blocked_on of CONFIG_DEBUG_MUTEXES, which points to the waiter, is not taken for the lock", () => {
  const kernel = sleepingKernel({
    types: lockTypes,
    taskMembers: "struct mutex_waiter *blocked_on;",
    sleepers: [{ ...inMutex(5), with: { blocked_on: waiterAddress(5) } }],
    memory: [["struct mutex", LOCK, {}], waiter(5), ...ring(LOCK + MUTEX_LIST, waiterAddress(5))],
  });
  const { resource, unknown } = waitOf(kernel, 5);
  assert.equal(resource?.address, LOCK);
  assert.equal(unknown, undefined);
});

const rwsemKernel = (count: bigint, owner: bigint, type = 0): ToyKernel =>
  sleepingKernel({
    sleepers: [{ pid: 5, comm: "writer", functions: ["schedule", "rwsem_down_write_slowpath", "update"] }],
    tasks: [{ pid: 7, comm: "reader" }],
    memory: [
      ["struct rw_semaphore", LOCK, { count: { counter: count }, owner: { counter: owner } }],
      ["struct rwsem_waiter", waiterAddress(5), { task: taskAddress(5), type }],
      ...ring(LOCK + RWSEM_LIST, waiterAddress(5)),
    ],
  });

test("the last reader of a semaphore is a possible holder, a writer a certain one", () => {
  const read = waitOf(rwsemKernel(0x102n, taskAddress(7) | 3n), 5);
  assert.equal(read.mode, "write");
  assert.deepEqual(
    read.state?.holders.map(({ task, certainty }) => [task, certainty]),
    [[taskAddress(7), "possible"]],
  );
  const write = waitOf(rwsemKernel(0x3n, taskAddress(7)), 5);
  assert.deepEqual(
    write.state?.holders.map(({ task, certainty }) => [task, certainty]),
    [[taskAddress(7), "certain"]],
  );
});

test("a semaphore without readers and writer is free, whichever task read it last", () => {
  const { state } = waitOf(rwsemKernel(0x2n, taskAddress(7) | 1n), 5);
  assert.equal(state?.isFree, true);
  assert.deepEqual(state.holders, []);
});

test("a semaphore locked for writing whose owner is marked as a reader has an unknown writer", () => {
  const { state } = waitOf(rwsemKernel(0x1n, taskAddress(7) | 1n), 5);
  assert.deepEqual(state?.holders, []);
  assert.match(state.note ?? "", /locked for writing, but the writer is not recorded/);
});

test("RWSEM_OWNER_UNKNOWN in the owner of a semaphore is no writer", () => {
  for (const owner of [-1n, -2n]) {
    const { state } = waitOf(rwsemKernel(0x1n, BigInt.asUintN(64, owner)), 5);
    assert.deepEqual(state?.holders, []);
    assert.match(state.note ?? "", /locked for writing, but the writer is not recorded/);
  }
});

test("for a task in wait_for_completion the completing task is unknown", () => {
  const kernel = sleepingKernel({
    sleepers: [{ pid: 5, comm: "sh", functions: ["schedule", "schedule_timeout", "__wait_for_common", "await"] }],
    memory: [
      ["struct completion", LOCK, {}],
      ["struct swait_queue", waiterAddress(5, 2), { task: taskAddress(5) }],
      ...ring(LOCK + COMPLETION_LIST, waiterAddress(5, 2) + 8n),
    ],
  });
  const { resource, state } = waitOf(kernel, 5);
  assert.deepEqual(resource, { kind: "completion", type: "struct completion", address: LOCK });
  assert.deepEqual(state?.holders, []);
});

test("a parent waits for the vfork child whose vfork_done is its completion", () => {
  const kernel = sleepingKernel({
    taskMembers: "struct completion *vfork_done;",
    types: lockTypes,
    sleepers: [{ pid: 5, comm: "sh", functions: ["schedule", "wait_for_completion", "kernel_clone"] }],
    tasks: [{ pid: 8, comm: "sh", with: { vfork_done: LOCK } }],
    memory: [
      ["struct completion", LOCK, {}],
      ["struct swait_queue", waiterAddress(5), { task: taskAddress(5) }],
      ...ring(LOCK + COMPLETION_LIST, waiterAddress(5) + 8n),
    ],
  });
  const { resource, state } = waitOf(kernel, 5);
  assert.equal(resource?.kind, "task exit");
  assert.deepEqual(
    state?.holders.map(({ task, certainty }) => [task, certainty]),
    [[taskAddress(8), "certain"]],
  );
});

test("for a task that sleeps without a waiter on its stack the resource is unknown", () => {
  const kernel = sleepingKernel({ sleepers: [{ pid: 5, comm: "sleep", functions: ["schedule", "msleep", "nap"] }] });
  const { resource, unknown } = waitOf(kernel, 5);
  assert.equal(resource, undefined);
  assert.equal(unknown, undefined);
});

test("tasks that sleep interruptibly are blocked only in a lock; one that is still queued to run is not", () => {
  const asleep = (pid: number, name: string, others: NonNullable<Sleeper["with"]>): Sleeper => ({
    pid,
    comm: name,
    functions: ["schedule", name, "work"],
    with: others,
  });
  const kernel = sleepingKernel({
    taskMembers: "int on_rq;",
    sleepers: [
      asleep(5, "__mutex_lock", { __state: 1 }),
      asleep(6, "pipe_read", { __state: 1 }),
      asleep(7, "io_wait", {}),
      asleep(8, "preempted", { on_rq: 1 }),
    ],
    memory: [["struct mutex", LOCK, {}], waiter(5), ...ring(LOCK + MUTEX_LIST, waiterAddress(5))],
  });
  assert.deepEqual(blockedTasks(kernel).map(taskPid), [5, 7]);
});

const percpuTypes = `${lockTypes} struct percpu_rw_semaphore { struct { struct task_struct *task; } writer; struct wait_queue_head waiters; struct { int counter; } block; };`;
const WAKE = 0xffff_ffff_8100_0020n;

/** A task that waits in the queue of a percpu_rw_semaphore with an entry of some flags. */
const percpuKernel = (flags: number): ToyKernel =>
  sleepingKernel({
    types: percpuTypes,
    // The function that wakes the entry is the one at WAKE, which the first function's text contains.
    sleepers: [{ pid: 5, comm: "reader", functions: ["percpu_rwsem_wake_function", "percpu_rwsem_wait", "read"] }],
    memory: [
      ["unsigned char [4096]", LOCK - 0x800n, new Uint8Array(4096)],
      ["struct percpu_rw_semaphore", LOCK, { block: { counter: 1 } }],
      ["struct wait_queue_entry", waiterAddress(5, 0), { flags, private: taskAddress(5), func: WAKE }],
      ...ring(LOCK + 16n, waiterAddress(5, 0) + 24n),
    ],
  });

test("WQ_FLAG_CUSTOM, whose value changed, distinguishes a reader of a percpu_rw_semaphore from a writer", () => {
  const EXCLUSIVE = 1;
  assert.equal(waitOf(percpuKernel(EXCLUSIVE), 5).mode, "write");
  for (const custom of [4, 8]) assert.equal(waitOf(percpuKernel(EXCLUSIVE | custom), 5).mode, "read");
});
