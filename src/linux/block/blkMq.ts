/** Requests of block devices that are in flight. */
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import { sbitmapIndexes } from "../../kernel/sbitmap.ts";
import { hz, jiffies64, tickTime } from "../time/timekeeping.ts";
import { xarrayEntries } from "../../kernel/xarray.ts";

/** Number of requests in flight, of the two kinds that `requestKinds` returns. */
export type InFlight = readonly [number, number];

/**
 * Returns the two kinds of requests that a kernel distinguishes: by direction or, before `request.state` existed, by
 * whether a task waits for them. Linux kernel commit 12f5b9314545 ("blk-mq: Remove generation seqeunce") (in v4.18)
 * added that member.
 */
export const requestKinds = (kernel: Kernel): readonly ["READ", "WRITE"] | readonly ["ASYNC", "SYNC"] =>
  hasState(kernel) ? ["READ", "WRITE"] : ["ASYNC", "SYNC"];

const hasState = (kernel: Kernel): boolean => kernel.object("struct request", 0n).has("state");

/** Whether the requests of a queue have tags of blk-mq, so that they can be listed. */
const isMultiQueue = (queue: Obj<"struct request_queue">): boolean =>
  queue.has("mq_ops") && queue.at("mq_ops").value() !== 0n;

/**
 * Whether `inFlightRequests` lists the requests of a disk; not for one without blk-mq, such as one of device mapper or
 * zram, which starts bios without requests. @throws Fault
 */
export const listsRequests = (disk: Obj<"struct gendisk">): boolean => isMultiQueue(disk.at("queue").deref());

/** Counts the requests of a `struct gendisk` that are in flight. @throws Fault */
export function requestsInFlight(disk: Obj<"struct gendisk">): InFlight {
  const queue = disk.at("queue").deref();
  if (isMultiQueue(queue)) return hasState(disk.kernel) ? taggedRequests(queue) : dispatchedRequests(queue);
  // Before blk-mq: a list of requests of each kind (struct request_list, removed in v5.0).
  for (const list of ["root_rl", "rq"])
    if (queue.has(`${list}.count`))
      return [queue.at(`${list}.count[0]`).number(), queue.at(`${list}.count[1]`).number()];
  return startedBios(disk);
}

/**
 * Returns the driver's own count of requests in flight; undefined for kernels and queues without one (it exists until
 * v4.20). @throws Fault
 */
export function driverInFlight(disk: Obj<"struct gendisk">): number | undefined {
  const queue = disk.at("queue").deref();
  if (!queue.has("in_flight") || isMultiQueue(queue)) return undefined;
  return queue.at("in_flight[0]").number() + queue.at("in_flight[1]").number();
}

/** block/blk-mq.h: enum mq_rq_state */
const MQ_RQ_IN_FLIGHT = 1n;

/** Whether an operation writes: these have odd numbers (include/linux/blk_types.h). */
const isWrite = (request: Obj<"struct request">): boolean => (request.at("cmd_flags").value() & 1n) === 1n;

/** Counts the requests that have a tag of the driver, like blk_mq_in_flight() (block/blk-mq.c). */
function taggedRequests(queue: Obj<"struct request_queue">): InFlight {
  let [reads, writes] = [0, 0];
  for (const request of startedRequests(queue)) {
    if (isWrite(request)) writes++;
    else reads++;
  }
  return [reads, writes];
}

/** Yields the requests of a queue that its driver has started and not completed. */
function* startedRequests(queue: Obj<"struct request_queue">): Generator<Obj<"struct request">, void, void> {
  for (const { tags, context } of tagSets(queue)) {
    for (const request of taggedBy(tags)) {
      if (request.at("q").value() !== queue.address || request.at("state").value() !== MQ_RQ_IN_FLIGHT) continue;
      if (context && request.has("mq_hctx") && request.at("mq_hctx").value() !== context.address) continue;
      yield request;
    }
  }
}

/**
 * Yields the requests of a disk that its driver has started and not completed; none for a disk whose requests cannot be
 * listed. @throws Fault "unknown" for kernels without `request.state`
 */
export function* inFlightRequests(disk: Obj<"struct gendisk">): Generator<Obj<"struct request">, void, void> {
  const queue = disk.at("queue").deref();
  if (!isMultiQueue(queue)) return;
  if (!hasState(disk.kernel)) throw Fault.of("unknown", "this kernel does not record the state of requests");
  yield* startedRequests(queue);
}

/**
 * Returns for how long the driver has had a request, in nanoseconds: from `io_start_time_ns`, which the kernel sets only
 * for a queue with statistics, else from its deadline, which is the time of the start plus the timeout
 * (block/blk-timeout.c: blk_add_timer). @throws Fault
 */
export function requestAge(request: Obj<"struct request">): bigint {
  const { kernel } = request;
  const started = request.has("io_start_time_ns") ? request.at("io_start_time_ns").value() : 0n;
  const ticks = BigInt.asIntN(
    kernel.arch.wordSize * 8,
    jiffies64(kernel) - request.at("deadline").value() + request.at("timeout").value(),
  );
  const age = started > 0n ? tickTime(kernel) - started : (ticks * 1_000_000_000n) / BigInt(hz(kernel));
  return age < 0n ? 0n : age;
}

/** Yields the `struct request`s of the tags in use. The table of requests starts with those of reserved tags. */
function* taggedBy(tags: Obj<"struct blk_mq_tags">): Generator<Obj<"struct request">, void, void> {
  const reserved = tags.at("nr_reserved_tags").number();
  const parts = [...(reserved > 0 ? (["breserved_tags"] as const) : []), "bitmap_tags"] as const;
  for (const part of parts) {
    const first = part === "bitmap_tags" ? reserved : 0;
    for (const tag of sbitmapIndexes(tags.at(`${part}.sb`))) {
      const slot = tags.at("rqs").index(first + tag);
      if (slot.value() !== 0n) yield slot.deref();
    }
  }
}

interface TagSet {
  /** `struct blk_mq_tags`. */
  readonly tags: Obj<"struct blk_mq_tags">;
  /** The `struct blk_mq_hw_ctx` that the tags belong to; undefined if all contexts share them. */
  readonly context: Obj<"struct blk_mq_hw_ctx"> | undefined;
}

function* tagSets(queue: Obj<"struct request_queue">): Generator<TagSet, void, void> {
  if (queue.has("tag_set.shared_tags")) {
    const shared = queue.at("tag_set.shared_tags");
    if (shared.value() !== 0n) return yield { tags: shared.deref(), context: undefined };
  }
  for (const context of hardwareContexts(queue)) {
    const tags = context.at("tags");
    if (tags.value() !== 0n) yield { tags: tags.deref(), context };
  }
}

/** Maximum number of hardware queues; there is at most one for each CPU. */
const MAX_QUEUES = 1 << 14;

/**
 * Yields the hardware contexts: from an xarray since Linux kernel commit 4e5cc99e1e48 ("blk-mq: manage hctx map via
 * xarray") (in v5.18), from an array before.
 */
function* hardwareContexts(queue: Obj<"struct request_queue">): Generator<Obj<"struct blk_mq_hw_ctx">, void, void> {
  const { kernel } = queue;
  if (queue.has("hctx_table")) {
    for (const { entry } of xarrayEntries(kernel, queue.at("hctx_table")))
      yield kernel.object("struct blk_mq_hw_ctx", entry);
    return;
  }
  const count = Math.min(queue.at("nr_hw_queues").number(), MAX_QUEUES);
  for (let i = 0; i < count; i++) yield queue.at("queue_hw_ctx").index(i).deref();
}

/** Counts requests from the per-CPU counters of started and completed requests, synchronous and asynchronous. */
function dispatchedRequests(queue: Obj<"struct request_queue">): InFlight {
  const { kernel } = queue;
  const contexts = queue.at("queue_ctx").value();
  const sum = (sync: 0 | 1): number => {
    let begun = 0;
    for (const cpu of possibleCpus(kernel)) {
      const context = kernel.object("struct blk_mq_ctx", perCpuAddress(kernel, contexts, cpu));
      begun += context.at(`rq_dispatched[${sync}]`).number() - context.at(`rq_completed[${sync}]`).number();
    }
    return Math.max(0, begun);
  };
  return [sum(0), sum(1)];
}

/**
 * Counts the bios in flight of a disk without requests of its own, such as one of device mapper, from its statistics
 * (part_in_flight()); [0, 0] if the kernel does not count them.
 */
function startedBios(disk: Obj<"struct gendisk">): InFlight {
  const { kernel } = disk;
  const path = ["part0.bd_stats", "part0.dkstats"].find((one) => disk.has(one));
  if (path === undefined) return [0, 0];
  const stats = disk.at(path);
  if (!stats.has("in_flight")) return [0, 0];
  const shape = stats.deref();
  const sum = (write: 0 | 1): number => {
    let started = 0;
    for (const cpu of possibleCpus(kernel)) {
      const own = kernel.object(shape.type, perCpuAddress(kernel, shape.address, cpu));
      started += own.at(`in_flight[${write}].a.counter`).number();
    }
    return Math.max(0, started);
  };
  return [sum(0), sum(1)];
}
