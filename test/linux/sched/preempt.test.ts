import assert from "node:assert/strict";
import { test } from "node:test";
import { preemptCountText } from "../../../src/linux/sched/preempt.ts";

test("a preempt count is spelled out by its fields", () => {
  assert.equal(preemptCountText(0), "0");
  assert.equal(preemptCountText(0x10002), "preempt_disable() depth 2, hardirq depth 1");
  assert.equal(preemptCountText(0x100100), "softirq depth 1, NMI depth 1");
});
