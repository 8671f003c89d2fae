/** The fields of a preempt count, in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preemptCountText, whyAtomic } from "../../src/log/preemptCount.ts";

test("a preempt_count is described by its fields", () => {
  assert.equal(preemptCountText(0), "0");
  assert.equal(preemptCountText(0x10002), "preempt_disable() depth 2, hardirq depth 1");
  assert.equal(preemptCountText(0x100100), "softirq depth 1, NMI depth 1");
  assert.equal(preemptCountText(0x400), "local_bh_disable() depth 2");
});

test("the reasons not to sleep are those of the fields that are not zero", () => {
  assert.deepEqual(whyAtomic(0), []);
  assert.deepEqual(whyAtomic(0x100), ["it is a softirq"]);
  assert.deepEqual(whyAtomic(0x10002), [
    "it is a hardware interrupt",
    "a spinlock is held or preemption is disabled (2 deep)",
  ]);
  assert.deepEqual(whyAtomic(0x200002), ["a spinlock is held or preemption is disabled (2 deep)"]); // PREEMPT_ACTIVE
  assert.deepEqual(whyAtomic(0x100000), ["it is a non-maskable interrupt"]);
  assert.deepEqual(whyAtomic(0x201, true), ["softirqs are disabled (`local_bh_disable`)", "preemption is disabled"]);
});
