/** What the verdict says was exhausted when memory ran out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { outOfMemory } from "../../../src/insight/checks/outOfMemory.ts";
import { checked, crashWith } from "../../builders/checks.ts";

const request = (flags: string, order: number, ...more: readonly string[]): string => {
  const lines = [
    `sh invoked oom-killer: gfp_mask=0xcc0(${flags}), order=${order}, oom_score_adj=0`,
    "CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1",
    ...more,
  ];
  return checked(outOfMemory, crashWith(lines)).texts[0] ?? "";
};

test("a report without the limit is not said to show that no page was left", () => {
  assert.match(request("GFP_KERNEL", 0), /with GFP_KERNEL; the report does not say which memory was exhausted\.$/);
});

test("a request for pages in a row, or of low zones, is not said to have exhausted the whole machine", () => {
  assert.match(
    request("GFP_KERNEL", 0, "Mem-Info:"),
    /; what was exhausted is the memory of the machine that such a request may use\.$/,
  );
  assert.match(request("GFP_KERNEL", 3, "Mem-Info:"), /\(order 3\) .*; the memory .* had no such block to give\.$/);
  assert.match(request("GFP_DMA32|__GFP_ZERO", 0, "Mem-Info:"), /exhausted is the memory of the zones up to DMA32\.$/);
});
