import assert from "node:assert/strict";
import { test } from "node:test";
import { runCheck } from "../../src/insight/runCheck.ts";
import type { Step } from "../../src/insight/check.ts";

const step: Step = { kind: "progress", what: "", done: 0, total: 0 };

/** Blocks the thread without using the processor, as a machine does that is busy with something else. */
const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

function* sleeping(times: number, ms = 30): Generator<Step, string, void> {
  for (let i = 0; i < times; i++) {
    sleep(ms);
    yield step;
  }
  return "done";
}

/** Runs a check to its end with a limit of 100 ms. */
function ended(run: Generator<Step, string, void>) {
  const work = runCheck(run, [], 100);
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
  }
}

test("a check that does not get the processor keeps its time", () => {
  assert.deepEqual(ended(sleeping(7)), { result: "done" });
});

test("a check on a dump that is read very slowly is left all the same", () => {
  assert.deepEqual(ended(sleeping(40, 120)), { because: "it was stopped after 0.1 s" });
});
