import assert from "node:assert/strict";
import { test } from "node:test";
import { Cancelled, drive } from "../../src/base/job.ts";
import { stopwatch } from "../builders/stopwatch.ts";

test("a job's result is its return value, and every step is reported", async () => {
  const steps: unknown[] = [];
  function* job() {
    yield 1;
    yield 2;
    return "done";
  }
  assert.equal(await drive(job(), new AbortController().signal, { onStep: (step) => steps.push(step) }), "done");
  assert.deepEqual(steps, [1, 2]);
});

test("a cancelled job stops within a slice and runs its finally blocks", async () => {
  const abort = new AbortController();
  let cleaned = false;
  function* endless() {
    try {
      for (;;) yield;
    } finally {
      cleaned = true;
    }
  }
  const spent = stopwatch();
  setTimeout(() => abort.abort(), 20);
  await assert.rejects(drive(endless(), abort.signal), Cancelled);
  assert.ok(cleaned);
  assert.ok(spent() < 500);
});

test("two jobs interleave: the short one does not wait for the long one", async () => {
  const order: string[] = [];
  /** Ends when the other one did; were that never, after a while. */
  function* long() {
    const end = performance.now() + 5000;
    while (order.length === 0 && performance.now() < end) yield;
    order.push("long");
  }
  function* short() {
    yield;
    order.push("short");
  }
  const signal = new AbortController().signal;
  await Promise.all([drive(long(), signal), drive(short(), signal)]);
  assert.deepEqual(order, ["short", "long"]);
});

test("a step that blocks the event loop is reported", async () => {
  const slow: number[] = [];
  function* job() {
    const end = performance.now() + 220;
    while (performance.now() < end);
    yield;
  }
  await drive(job(), new AbortController().signal, { onSlowStep: (ms) => slow.push(ms) });
  assert.equal(slow.length, 1);
});

test("a job that waits continues when the promise resolves, and can be cancelled before", async () => {
  let isThere = false;
  function* waiting() {
    yield { until: new Promise<void>((done) => setTimeout(() => done(void (isThere = true)), 20)) };
    return isThere;
  }
  assert.equal(await drive(waiting(), new AbortController().signal), true);
  const abort = new AbortController();
  function* endless() {
    yield { until: new Promise(() => {}) };
  }
  await assert.rejects(drive(endless(), abort.signal, { onStep: () => abort.abort() }), Cancelled);
});
