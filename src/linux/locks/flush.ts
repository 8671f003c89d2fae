/** Tasks that wait until work or a workqueue is flushed (kernel/workqueue.c). */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { listEntries, listNodes, memberOffset } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { symbolText } from "../../model/symbolText.ts";
import { workersOf } from "../workqueue/workerPool.ts";
import type { Found, Holder, ReadField, ResourceState } from "./resource.ts";
import { unsignedWord } from "./mutex.ts";
import { callers, type Sleeper } from "./sleeper.ts";

/** Maximum number of barriers of the same work that are skipped. */
const MAX_BARRIERS = 1 << 16;
/** Maximum number of worker pools of one workqueue. */
const MAX_POOLS = 1 << 16;

/**
 * Returns the work that a task waits for in flush_work(); undefined if the completion is not one of a barrier. The
 * barrier on the task's stack is queued after the work: on the list of the worker that executes it, or directly after
 * it in the queue. @param address the completion that the task waits for, which is a member of the barrier
 */
export function flushedWork({ kernel, task }: Sleeper, address: bigint): Found | undefined {
  const done = memberOffset(kernel, "struct wq_barrier", "done");
  const barrier = kernel.object("struct wq_barrier", address - done);
  // The barrier has the waiting task since Linux kernel commit fd1a5b04dfb8 ("workqueue: Remove now redundant lock
  // acquisitions wrt. workqueue flushes") (in v4.15).
  if (barrier.has("task") && barrier.at("task").value() !== task.address) return undefined;
  const symbol = kernel.symbols.at(barrier.at("work.func").value());
  if (symbol?.name !== "wq_barrier_func") return undefined;
  const { pool } = queueOf(barrier.at("work"));
  const target = targetOf(kernel, barrier, pool);
  if (target.worker) return executedWork(target.worker);
  return { resource: workResource(kernel, target.work), state: queuedState(target.work) };
}

/**
 * WORK_STRUCT_INACTIVE; WORK_STRUCT_DELAYED before v5.15. Set if the workqueue already has its maximum number of active
 * works.
 */
const WORK_STRUCT_INACTIVE = 2n;

/**
 * Returns what a queued work waits for. An inactive one waits until an active work of its workqueue is done. @throws
 * Fault
 */
function queuedState(work: Obj<"struct work_struct">): ResourceState {
  const queued = { holders: [], note: "queued; no worker executes it yet", fields: [] };
  if ((workData(work) & WORK_STRUCT_INACTIVE) === 0n) return queued;
  const { pool, pwq } = queueOf(work);
  // Moved by Linux kernel commit a045a272d887 ("workqueue: Move pwq->max_active to wq->max_active") (in v6.9).
  const limit = pwq.has("max_active") ? pwq.at("max_active").number() : pwq.at("wq.max_active").number();
  const workers = [...workersOf(pool)].filter((worker) => worker.at("current_pwq").value() === pwq.address);
  const path = pwq.has("max_active") ? "max_active" : "nr_active";
  const type = "struct pool_workqueue";
  const fields = [
    { type, address: pwq.address, path, value: String(pwq.at(path).number()) },
    ...workers.flatMap((worker) => workerFields(worker)),
  ];
  const isOnly = limit === 1 && workers.length === 1;
  const how = isOnly
    ? "executes the one work of the workqueue that can be active in this pool"
    : `executes a work of the workqueue, of which ${limit} can be active`;
  return {
    holders: workers.map((worker) => ({
      task: worker.at("task").value(),
      certainty: isOnly ? "certain" : "possible",
      how,
    })),
    note: `queued until one of the active works of the workqueue (at most ${limit}) is done`,
    fields,
  };
}

const workData = (work: Obj<"struct work_struct">): bigint => unsignedWord(work.at("data.counter"));

/**
 * WORK_STRUCT_PWQ, and the numbers of bits below the address of the pool_workqueue that are tried: 8, 9 with debug
 * objects, and one more.
 */
const WORK_STRUCT_PWQ = 4n;
const FLAG_BITS = [8n, 9n, 10n];

/** Returns the queue and the worker pool of a queued work. @throws Fault if it is not in a queue */
function queueOf(work: Obj<"struct work_struct">): {
  readonly pwq: Obj<"struct pool_workqueue">;
  readonly pool: Obj<"struct worker_pool">;
} {
  const { kernel } = work;
  const data = workData(work);
  if ((data & WORK_STRUCT_PWQ) === 0n) throw Fault.at("unknown", work.address, "the work is not in a queue");
  for (const bits of FLAG_BITS) {
    const pwq = kernel.object("struct pool_workqueue", (data >> bits) << bits);
    const pool = attempt(() => {
      const pool = pwq.at("pool").deref();
      // The pool is valid if its workers point to it.
      for (const worker of workersOf(pool)) if (worker.at("pool").value() !== pool.address) return undefined;
      return pool;
    });
    if (pool && !(pool instanceof Fault)) return { pwq, pool };
  }
  throw Fault.at("corrupt", work.address, "the work does not point to a valid worker pool");
}

interface Target {
  readonly worker: Obj<"struct worker"> | undefined;
  readonly work: Obj<"struct work_struct">;
}

/** Returns the work, or the worker, that a barrier was queued after. @throws Fault */
function targetOf(kernel: Kernel, barrier: Obj<"struct wq_barrier">, pool: Obj<"struct worker_pool">): Target {
  const scheduled = new Map<bigint, Obj<"struct worker">>();
  for (const worker of workersOf(pool)) scheduled.set(worker.at("scheduled").address, worker);
  const entry = memberOffset(kernel, "struct work_struct", "entry");
  const word = BigInt(kernel.arch.wordSize);
  let node = barrier.at("work.entry").address;
  for (let i = 0; i < MAX_BARRIERS; i++) {
    const before = kernel.memory.word(node + word);
    if (kernel.memory.word(before) !== node) throw Fault.at("corrupt", node, "the list of works is damaged here");
    const worker = scheduled.get(before);
    if (worker) return { worker, work: worker.at("current_work").deref() };
    const work = kernel.object("struct work_struct", before - entry);
    const called = work.at("func").value();
    if (!kernel.code.isText(called)) throw Fault.at("unknown", before, "the entry before the barrier is not a work");
    if (kernel.symbols.at(called)?.name !== "wq_barrier_func") {
      // No worker has taken the work yet.
      return { worker: undefined, work };
    }
    node = before;
  }
  throw Fault.at("corrupt", barrier.address, `more than ${MAX_BARRIERS} barriers follow the same work`);
}

const workResource = (kernel: Kernel, work: Obj<"struct work_struct">) => ({
  kind: "work" as const,
  type: "struct work_struct",
  address: work.address,
  detail: functionOf(
    kernel,
    attempt(() => work.at("func").value()),
  ),
});

const functionOf = (kernel: Kernel, address: bigint | Fault): string =>
  address instanceof Fault ? "?" : (symbolText(kernel, address) ?? hex0x(address));

/** Returns the work that a worker executes. The function is from the worker, because the work may no longer exist. */
function executedWork(worker: Obj<"struct worker">): Found {
  const { kernel } = worker;
  const address = worker.at("current_work").value();
  const detail = functionOf(kernel, worker.at("current_func").value());
  return {
    resource: { kind: "work", type: "struct work_struct", address, detail },
    state: executionState(worker),
  };
}

/** Returns the state of a work that a worker executes. A worker of softirqs (WQ_BH, since v6.9) has no task. */
function executionState(worker: Obj<"struct worker">): ResourceState {
  const [task, fields] = [worker.at("task").value(), workerFields(worker)];
  if (task === 0n) return { holders: [], note: "a softirq executes it", fields };
  return { holders: [{ task, certainty: "certain", how: "the worker that executes it" }], fields };
}

function workerFields(worker: Obj<"struct worker">): ReadField[] {
  const [type, address] = ["struct worker", worker.address];
  return ["current_work", "task"].map((path) => ({ type, address, path, value: hex0x(worker.at(path).value()) }));
}

/**
 * Returns the workqueue that a task flushes; undefined if the task does not flush one. flush_workqueue() and
 * drain_workqueue() wait for the works of the flush's color and of the flushes before it, which end in order; the
 * workers that execute such works hold it up. @param address the completion, which is a member of a `wq_flusher` on the
 * task's stack
 */
export function flushedWorkqueue(sleeper: Sleeper, address: bigint): Found | undefined {
  const { kernel } = sleeper;
  const names = callers(sleeper, 4);
  if (!names.some((name) => /^(__flush_workqueue|flush_workqueue|drain_workqueue|destroy_workqueue)$/.test(name)))
    return undefined;
  const flusher = kernel.object("struct wq_flusher", address - memberOffset(kernel, "struct wq_flusher", "done"));
  const queue = workqueueOf(kernel, flusher);
  if (!queue) return undefined;
  const name = attempt(() => queue.at("name").text());
  return {
    resource: {
      kind: "workqueue",
      type: "struct workqueue_struct",
      address: queue.address,
      ...(!(name instanceof Fault) && { detail: name }),
    },
    state: workqueueState(queue, flusher),
  };
}

/** Returns the workqueue that has the flusher in its lists; undefined if none has. @throws Fault */
function workqueueOf(kernel: Kernel, flusher: Obj<"struct wq_flusher">): Obj<"struct workqueue_struct"> | undefined {
  const list = flusher.at("list").address;
  for (const queue of listEntries(kernel, kernel.variable("workqueues"), "struct workqueue_struct", "list")) {
    if (queue.at("first_flusher").value() === flusher.address) return queue;
    for (const member of ["flusher_queue", "flusher_overflow"])
      for (const node of listNodes(kernel, queue.at(member).address)) if (node === list) return queue;
  }
  return undefined;
}

/** Returns the workers that hold up a flush. @throws Fault */
function workqueueState(queue: Obj<"struct workqueue_struct">, flusher: Obj<"struct wq_flusher">): ResourceState {
  const { kernel } = queue;
  const isFlushed = colorTest(queue, flusher);
  const holders: Holder[] = [];
  const pools = new Set<bigint>();
  let fields: ReadField[] = [];
  for (const pwq of listEntries(kernel, queue.at("pwqs"), "struct pool_workqueue", "pwqs_node")) {
    const pool = pwq.at("pool").deref();
    if (pools.has(pool.address)) continue;
    pools.add(pool.address);
    if (pools.size > MAX_POOLS)
      throw Fault.at("corrupt", queue.address, `the workqueue has more than ${MAX_POOLS} pools`);
    for (const worker of workersOf(pool)) {
      const current = worker.at("current_pwq").deref();
      if (current.address === 0n || current.at("wq").value() !== queue.address) continue;
      // A worker has the color of its current work since Linux kernel commit 018f3a13dd63 ("workqueue: Mark barrier
      // work with WORK_STRUCT_INACTIVE") (in v5.15).
      const color = worker.has("current_color") ? worker.at("current_color").number() : undefined;
      if (color !== undefined && !isFlushed(color)) continue;
      holders.push({
        task: worker.at("task").value(),
        certainty: color === undefined ? "possible" : "certain",
        how:
          color === undefined
            ? "executes a work of the workqueue, which may have been queued after the flush began"
            : "executes a work for which the flush waits",
      });
      fields = [...fields, ...workerFields(worker)];
    }
  }
  if (holders.length > 0) return { holders, fields };
  return { holders, note: "no worker executes a work for which the flush waits; it is queued", fields };
}

/** WORK_NR_COLORS since v5.15. */
const WORK_NR_COLORS = 16;

/**
 * Returns whether a flush waits for works of a color: its own, and those of the flushes before it, from
 * `workqueue_struct.flush_color` on. A flush without a color is in `flusher_overflow` and waits for all of them.
 */
function colorTest(
  queue: Obj<"struct workqueue_struct">,
  flusher: Obj<"struct wq_flusher">,
): (color: number) => boolean {
  const [first, last] = [queue.at("flush_color").number(), flusher.at("flush_color").number()];
  const place = (color: number): number => (color - first + WORK_NR_COLORS) % WORK_NR_COLORS;
  return (color) => last < 0 || place(color) <= place(last);
}
