/** Checks whether worker pools make progress. */
import { attempt, Fault } from "../../base/fault.ts";
import { globalAddress, globalWord } from "../../linux/vmcoreinfo.ts";
import { sinceArrival } from "../../linux/sched/sched.ts";
import { taskActivity } from "../../linux/sched/sleeping.ts";
import { taskComm, taskPid } from "../../linux/sched/task.ts";
import { hz, jiffies64 } from "../../linux/time/timekeeping.ts";
import { poolName, queuedWorks, workerPools, workersOf } from "../../linux/workqueue/workerPool.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { symbolOrAddress } from "../../model/symbolText.ts";
import { pause } from "../check.ts";
import type { Evidence } from "../evidence.ts";
import type { Finding } from "../finding.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/** The kernel's default of wq_watchdog_thresh, in seconds. */
const STALL_SECONDS = 30;
/** Minimum time in nanoseconds that a worker sleeps in one work to be reported, and to be a suspect. */
const MIN_NS = 10n * SECOND;
const SUSPECT_NS = 120n * SECOND;
/** Maximum number of queued works of a pool that are counted. */
const MAX_WORKS = 10_000;

/** Reports pools that start no work although works are queued, and workers that sleep long in one work. */
export const workqueues: HealthCheck = {
  id: "workqueues",
  title: "workqueues",
  shows: "ps -k | grep kworker",
  *run(kernel) {
    let [pools, busy] = [0, 0];
    for (const pool of workerPools(kernel)) {
      if (++pools % 16 === 0) yield pause("workqueues");
      const stalled = stalledPool(kernel, pool);
      if (stalled) yield stalled;
      for (const worker of workersOf(pool)) {
        if (worker.at("current_work").value() === 0n) continue;
        busy++;
        const slow = slowWork(kernel, pool, worker);
        if (slow) yield slow;
      }
    }
    return `${countWords(pools, "worker pool")}, ${countWords(busy, "worker")} with a work; no pool is stalled, and no worker sleeps in a work for 10 s.`;
  },
};

/**
 * Reports a pool whose works wait longer than the watchdog allows; undefined for other pools. The time counts from the
 * pool's last progress or from the last touch of the watchdog, whichever is later, as in wq_watchdog_timer_fn().
 */
function stalledPool(kernel: Kernel, pool: Obj<"struct worker_pool">): Finding | undefined {
  const [oldest] = queuedWorks(pool);
  if (!oldest) return undefined;
  const bits = kernel.arch.wordSize * 8;
  const since = (stamp: bigint): bigint => BigInt.asIntN(bits, jiffies64(kernel) - stamp);
  const progress = since(pool.at(pool.has("watchdog_ts") ? "watchdog_ts" : "last_progress_ts").value());
  const touched = touchedAt(kernel, pool.at("cpu").number());
  const ticks = touched !== undefined && since(touched) < progress ? since(touched) : progress;
  const limit = Number(globalWord(kernel, "wq_watchdog_thresh") ?? 0n) || STALL_SECONDS;
  const waited = (ticks * SECOND) / BigInt(hz(kernel));
  if (waited <= BigInt(limit) * SECOND) return undefined;
  let works = 0;
  for (const _ of queuedWorks(pool)) if (++works === MAX_WORKS) break;
  const called = symbolOrAddress(kernel, oldest.at("func").value());
  return observed(
    "workqueues",
    "suspect",
    { pool: pool.at("id").number(), cpu: pool.at("cpu").number(), works, stalled_ns: waited, function: called },
    [
      `The worker ${poolName(pool)} has started no work for ${timeWords(waited)}; ${countWords(works, "work")} ${works === 1 ? "is" : "are"} queued, first ${called}.`,
    ],
    {
      kind: "field",
      type: "struct worker_pool",
      address: pool.address,
      path: "nr_idle",
      value: String(pool.at("nr_idle").number()),
    },
    { kind: "field", type: "struct work_struct", address: oldest.address, path: "func", value: called },
  );
}

/** Returns when the watchdog of the pool was last touched, in jiffies; undefined without CONFIG_WQ_WATCHDOG. */
function touchedAt(kernel: Kernel, cpu: number): bigint | undefined {
  const own = globalAddress(kernel, "wq_watchdog_touched_cpu");
  if (cpu >= 0 && own !== undefined) return kernel.memory.word(perCpuAddress(kernel, own, cpu));
  return globalWord(kernel, "wq_watchdog_touched");
}

/** Reports a worker that sleeps in one work for long; undefined for other workers. */
function slowWork(kernel: Kernel, pool: Obj<"struct worker_pool">, worker: Obj<"struct worker">): Finding | undefined {
  const task = worker.at("task").deref().as("struct task_struct");
  const slept = attempt(() => (taskActivity(task) === "sleeping" ? sinceArrival(task) : undefined));
  if (slept instanceof Fault || slept === undefined || slept < MIN_NS) return undefined;
  const called = symbolOrAddress(kernel, worker.at("current_func").value());
  const [pid, comm] = [taskPid(task), taskComm(task)];
  const stack: Evidence = { kind: "output", command: `bt ${pid}`, text: `${comm} [${pid}] executes ${called}` };
  return observed(
    "workqueues",
    slept >= SUSPECT_NS ? "suspect" : "note",
    { pool: pool.at("id").number(), function: called, pid, slept_ns: slept },
    [
      "The worker ",
      { kind: "task", address: task.address, pid, comm },
      ` executes the work ${called} and sleeps in it for at most ${timeWords(slept)}.`,
    ],
    stack,
    { kind: "field", type: "struct worker", address: worker.address, path: "current_func", value: called },
  );
}
