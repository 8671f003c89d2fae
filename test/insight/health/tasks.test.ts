import assert from "node:assert/strict";
import { after, test } from "node:test";
import { blockedTasks } from "../../../src/insight/health/blockedTasks.ts";
import { cpus } from "../../../src/insight/health/cpus.ts";
import { load } from "../../../src/insight/health/load.ts";
import { processMemory } from "../../../src/insight/health/processMemory.ts";
import { runQueueLag } from "../../../src/insight/health/runQueueLag.ts";
import { throttling } from "../../../src/insight/health/throttling.ts";
import { workqueues } from "../../../src/insight/health/workqueues.ts";
import { perCpuAddress } from "../../../src/kernel/percpu.ts";
import { runqueue } from "../../../src/linux/sched/runqueue.ts";
import { findTask } from "../../../src/linux/sched/task.ts";
import { jiffies64 } from "../../../src/linux/time/timekeeping.ts";
import { workerPools, workersOf } from "../../../src/linux/workqueue/workerPool.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { changedSample, checked } from "../../builders/changedSample.ts";

const SECOND = 1_000_000_000n;
/** kthreadd, which sleeps. */
const SLEEPER = 2;

const healthy = openSession({ vmcore: ["sample/vmcore"] });
const ill = changedSample(({ kernel, put, word }) => {
  for (const i of [0, 1]) put(kernel.variable("avenrun").index(i), 9n << 11n);
  // 200 s pass on CPU 1, during which nobody else runs.
  const rq = runqueue(kernel, 1);
  put(rq.at("clock"), rq.at("clock").value() + 200n * SECOND);
  put(runqueue(kernel, 0).at("rt.rt_throttled"), 1);
  const sleeper = findTask(kernel, SLEEPER);
  assert.ok(sleeper);
  put(sleeper.at("on_rq"), 1);
  put(sleeper.at("__state"), 0);
  put(sleeper.at("sched_info.last_queued"), SECOND);
  const insmod = findTask(kernel, 169);
  assert.ok(insmod);
  put(insmod.at("mm.rss_stat.count").index(1).at("counter"), 14_000);
  // A pool with one work that it never started, and a worker that sleeps in one.
  const [pool] = workerPools(kernel);
  assert.ok(pool);
  const work = kernel.object("struct work_struct", kernel.symbols.find("console_work")?.address ?? 0n);
  for (const link of ["next", "prev"]) {
    put(work.at(`entry.${link}`), pool.at("worklist").address);
    put(pool.at(`worklist.${link}`), work.at("entry").address);
  }
  const minuteAgo = jiffies64(kernel) - 60n * 250n;
  put(pool.at("watchdog_ts"), minuteAgo);
  const touched = kernel.symbols.find("wq_watchdog_touched_cpu");
  if (touched) word(perCpuAddress(kernel, touched.address, 0), minuteAgo);
  const [worker] = workersOf(pool);
  assert.ok(worker);
  put(worker.at("current_work"), work.address);
  put(worker.at("current_func"), kernel.symbols.find("console_callback")?.address ?? 0n);
});
const later = changedSample(({ kernel, put }) => {
  const rq = runqueue(kernel, 1);
  put(rq.at("clock"), rq.at("clock").value() + 60n * SECOND);
});
const [fine, found, waited] = [checked(healthy), checked(ill), checked(later)];
after(() => {
  healthy.close();
  later.close();
  ill.close();
});

test("a load of nine on two CPUs for five minutes is a suspect, and a lower one is none", () => {
  assert.deepEqual(found.of(load)[0]?.slots, { load: 9, cpus: 2 });
  assert.equal(found.of(load)[0]?.severity, "suspect");
  assert.deepEqual(fine.of(load), []);
  assert.match(fine.said(load) ?? "", /are 0\.16, 0\.03, 0\.01, with 2 CPUs in use/);
});

test("a CPU whose task runs for 200 s is reported, and one without timer interrupts as that", () => {
  const [stopped, busy] = found.of(cpus).toSorted((a, b) => Number(a.slots["cpu"]) - Number(b.slots["cpu"]));
  assert.equal(stopped?.slots["cpu"], 0);
  assert.equal(stopped.severity, "suspect");
  assert.ok(Number(stopped.slots["behind_ns"]) > 190e9);
  assert.equal(busy?.slots["cpu"], 1);
  assert.ok(Number(busy.slots["behind_ns"]) === 0);
  assert.deepEqual(fine.of(cpus), []);
});

test("a task that can run and has no CPU for 10 s is reported with its CPU", () => {
  const pids = found.of(runQueueLag).map(({ slots }) => slots["pid"]);
  assert.ok(pids.includes(SLEEPER));
  assert.deepEqual(fine.of(runQueueLag), []);
});

test("throttled real-time tasks are reported with their CPUs", () => {
  assert.deepEqual(found.of(throttling)[0]?.slots, { class: "rt", cpus: [0] });
  assert.equal(fine.said(throttling), "No run queue is throttled.");
});

test("blocked tasks are reported by what they wait for; a parent that waits for its vfork child only after long", () => {
  const [one] = found.of(blockedTasks);
  assert.equal(one?.slots["waitsFor"], "its vfork child");
  assert.equal(one.severity, "note");
  assert.deepEqual(fine.of(blockedTasks), []);
  assert.match(fine.said(blockedTasks) ?? "", /^Blocked: 1 task for less than 2 min 0 s for a child process\.$/);
});

test("a wait of 60 s for a child is not reported, and not called shorter than 1 s", () => {
  assert.deepEqual(waited.of(blockedTasks), []);
  assert.equal(waited.said(blockedTasks), "Blocked: 1 task for less than 2 min 0 s for a child process.");
});

test("a process with most of the memory is a suspect", () => {
  const [one] = found.of(processMemory);
  assert.deepEqual([one?.slots["pid"], one?.severity], [169, "suspect"]);
  assert.equal(fine.said(processMemory)?.startsWith("The largest process has "), true);
});

test("a worker pool that starts no work for a minute is reported, and a worker that sleeps in a work", () => {
  const [stalled, slow] = found.of(workqueues);
  assert.equal(stalled?.severity, "suspect");
  assert.equal(stalled.slots["works"], 1);
  assert.equal(stalled.slots["function"], "console_callback");
  assert.equal(slow?.slots["function"], "console_callback");
  assert.ok(Number(slow?.slots["slept_ns"]) > 190e9);
  assert.match(fine.said(workqueues) ?? "", /no pool is stalled/);
});
