/** Tasks that slept when they were not allowed to, where no function of the stack takes a spinlock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicContext } from "../../../src/insight/checks/atomicContext.ts";
import { checked, crashWith } from "../../builders/checks.ts";

const report = (headline: string): string[] => [
  headline,
  "CPU: 0 PID: 88 Comm: sh Not tainted 6.1.0 #1",
  "Call Trace:",
  " <TASK>",
  " dump_stack_lvl+0x44/0x5c",
  " __schedule_bug.cold+0x47/0x53",
  " schedule+0x5a/0xd0",
  " tally_count+0x22/0x40 [ferry]",
  " </TASK>",
];

test("the preempt count of the report is given when no spinlock is known", () => {
  const { findings, texts } = checked(
    atomicContext,
    crashWith(report("BUG: scheduling while atomic: sh/88/0x00000002")),
  );
  assert.deepEqual(
    findings.map(({ certainty, slots }) => [certainty, slots]),
    [["certain", { function: "tally_count", preemptCount: 2 }]],
  );
  assert.match(texts[0] ?? "", /^tally_count slept when it was not allowed to: the preempt count was preempt_disable\(\) depth 2, of which 1/); // prettier-ignore
  assert.match(String(findings[0]?.unknown?.[0]?.because), /known to call one that takes a spinlock/);
});

test("a report without a preempt count gives no finding", () => {
  const { findings, fault } = checked(atomicContext, crashWith(report("BUG: scheduling while atomic: sh/88")));
  assert.deepEqual(findings, []);
  assert.match(fault?.message ?? "", /takes a spinlock/);
});

test("a kernel that does not count preempt_disable() is not said to count that of schedule()", () => {
  const { texts } = checked(atomicContext, crashWith(report("BUG: scheduling while atomic: sh/88/0x00000100")));
  assert.match(texts[0] ?? "", /the preempt count was softirq depth 1\. No spinlock/);
});
