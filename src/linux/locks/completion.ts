/** Completions that tasks wait for. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { bare } from "../../debuginfo/ctype.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { inFlightText } from "../block/inFlight.ts";
import { bioDisk } from "../block/gendisk.ts";
import { taskTable } from "../sched/task.ts";
import { flushedWork, flushedWorkqueue } from "./flush.ts";
import { gracePeriodState } from "./gracePeriod.ts";
import type { Found, ResourceState } from "./resource.ts";
import { coreDumpWait } from "./signalWait.ts";
import { callers, objectPointingBack, type Sleeper, waiterOf } from "./sleeper.ts";
import { SIMPLE_WAITER } from "./simpleQueue.ts";
import { waiterRing } from "./waiterRing.ts";
import { WAIT_QUEUE } from "./waitQueue.ts";

const TYPE = "struct completion";

/**
 * Returns the completion that a task waits for or, if known, what it completes, such as work, a grace period, a task's
 * exit or a bio.
 * Since Linux kernel commit a5c6234e1028 ("completion: Use simple wait queues") (in v5.7) its queue is a
 * `swait_queue_head`; before, a `wait_queue_head`. @throws Fault if the task has no waiter in a list
 */
export function completionWait(sleeper: Sleeper): Found {
  const { kernel } = sleeper;
  const completion = kernel.object(TYPE, 0n);
  const queue = bare(completion.at("wait").type);
  const isSimple = queue.kind === "struct" && queue.name === "swait_queue_head";
  const shape = isSimple ? SIMPLE_WAITER : WAIT_QUEUE;
  const waiter = waiterOf(sleeper, shape);
  const ring = waiterRing(kernel, shape, waiter.at(shape.list).address);
  const about = { waiter: { type: shape.type, address: waiter.address }, queue: ring.entries };
  if (ring.head === undefined) throw Fault.of("corrupt", "the list of waiters has no head");
  const head = ["wait.task_list", "wait.head"].find((path) => completion.has(path));
  if (head === undefined) throw Fault.of("unknown", "struct completion has neither wait.task_list nor wait.head");
  const address = ring.head - completion.at(head).address;
  return { ...about, ...purpose(sleeper, address) };
}

/** Returns what the completion completes; the completion itself if that is not known. */
function purpose(sleeper: Sleeper, address: bigint): Found {
  for (const rule of [flushedWork, flushedWorkqueue, gracePeriod, taskExit, coreDumpWait, bioEnd, requestEnd]) {
    const found = attempt(() => rule(sleeper, address));
    if (found && !(found instanceof Fault)) return found;
  }
  return {
    resource: { kind: "completion", type: TYPE, address },
    state: completionState(sleeper.kernel, address),
  };
}

/** Returns the state of a completion. It does not record who will complete it. @throws Fault */
function completionState(kernel: Kernel, address: bigint): ResourceState {
  const done = kernel.object(TYPE, address).at("done").number();
  const fields = [{ type: TYPE, address, path: "done", value: String(done) }];
  return { holders: [], note: "a completion does not record who will complete it", fields };
}

/**
 * Returns the grace period for which a completion is used; undefined if it is used for none. The nearest caller
 * decides, because the threads of RCU tasks wait for plain grace periods too. __wait_rcu_gp() waits for each kind.
 */
function gracePeriod(sleeper: Sleeper, address: bigint): Found | undefined {
  const names = callers(sleeper, 4);
  const state = { type: undefined, address };
  for (const name of names) {
    const detail = GRACE_PERIODS.find(([pattern]) => pattern.test(name))?.[1];
    if (detail !== undefined) return { resource: { kind: "grace period", detail, ...state } };
    if (/^synchronize_rcu(_normal)?$/.test(name)) return gracePeriodState(sleeper.kernel, false);
    if (name === "synchronize_sched") return gracePeriodState(sleeper.kernel, true);
  }
  return names.includes("__wait_rcu_gp") ? gracePeriodState(sleeper.kernel, false) : undefined;
}

/** Grace periods whose state is not in `rcu_state`, by the functions that wait for them. */
const GRACE_PERIODS: readonly (readonly [RegExp, string])[] = [
  [/^(__)?synchronize_srcu/, "SRCU"],
  [/^synchronize_rcu_tasks|^rcu_tasks/, "RCU tasks"],
  // Until v4.20 with a state of its own.
  [/^synchronize_rcu_bh/, "RCU-bh"],
  [/^rcu_barrier$/, "rcu_barrier"],
];

/** Tasks by the completion that they complete when they exit or, after vfork(), execute another program. */
const byVforkDone = derived("tasks by vfork_done", (kernel) => {
  const tasks = new Map<bigint, bigint>();
  for (const task of taskTable(kernel).tasks) {
    const done = attempt(() => task.at("vfork_done").value());
    if (typeof done === "bigint" && done !== 0n) tasks.set(done, task.address);
  }
  return tasks;
});

/**
 * Returns the task whose exit completes a completion; undefined if there is none. mm_release() completes
 * `task_struct.vfork_done` when the task exits or executes another program. For a kernel thread it is the completion
 * that kthread_stop() waits for (kernel/kthread.c: set_kthread_struct()).
 */
function taskExit({ kernel }: Sleeper, address: bigint): Found | undefined {
  const task = byVforkDone(kernel).get(address);
  if (task === undefined) return undefined;
  const child = kernel.object("struct task_struct", task);
  const isThread = (child.at("flags").number() & PF_KTHREAD) !== 0;
  const how = isThread
    ? "the kernel thread that has to exit"
    : "the child that has to exit or to execute another program";
  return {
    resource: { kind: "task exit", type: TYPE, address, detail: isThread ? "kthread" : "vfork" },
    state: {
      holders: [{ task, certainty: "certain", how }],
      fields: [{ type: "struct task_struct", address: task, path: "vfork_done", value: hex0x(address) }],
    },
  };
}

/** Source: include/linux/sched.h. */
const PF_KTHREAD = 0x00200000;

/**
 * Returns the bio for whose end a task waits; undefined if it waits for none. submit_bio_wait() stores the completion
 * in `bio->bi_private` (block/bio.c).
 */
function bioEnd(sleeper: Sleeper, address: bigint): Found | undefined {
  if (!callers(sleeper, 4).some((name) => /^(submit_bio_wait|blkdev_issue_\w+)$/.test(name))) return undefined;
  const bio = objectPointingBack(sleeper, "struct bio", "bi_private", address);
  if (bio === undefined) return undefined;
  const disk = attempt(() => bioDisk(sleeper.kernel.object("struct bio", bio)));
  return { resource: { kind: "bio", type: "struct bio", address: bio }, ...diskState(disk) };
}

/** Returns the disk of a request: of its queue since v5.15, before `rq_disk`. @throws Fault */
const requestDisk = (request: Obj): Obj => request.at(request.has("q.disk") ? "q.disk" : "rq_disk").deref();

/** Returns a state with the number of requests in flight of a disk; without a state if it cannot be read. */
function diskState(disk: Obj | Fault): { state?: ResourceState } {
  const note = disk instanceof Fault ? disk : attempt(() => inFlightText(disk));
  return typeof note === "string" ? { state: { holders: [], note, fields: [] } } : {};
}

/**
 * Returns the request for whose end a task waits; undefined if it waits for none. blk_execute_rq() stores its `struct
 * blk_rq_wait`, which starts with the completion, in `end_io_data` (block/blk-mq.c).
 */
function requestEnd(sleeper: Sleeper, address: bigint): Found | undefined {
  if (!callers(sleeper, 4).some((name) => /^blk_execute_rq$/.test(name))) return undefined;
  const request = objectPointingBack(sleeper, "struct request", "end_io_data", address);
  if (request === undefined) return undefined;
  const disk = attempt(() => requestDisk(sleeper.kernel.object("struct request", request)));
  return { resource: { kind: "request", type: "struct request", address: request }, ...diskState(disk) };
}
