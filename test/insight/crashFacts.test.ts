import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOfRound } from "../../src/insight/crashFacts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";

const hung = (pid: number): string[] => [
  `[   19.464865] INFO: task sh:${pid} blocked for more than 6 seconds.`,
  "[   19.464865] Call Trace:",
  "[   19.464865]  <TASK>",
  "[   19.464865]  schedule+0x5a/0xd0",
  "[   19.464865]  wait_here+0x11/0x30",
  "[   19.464865]  </TASK>",
];

test("of several tasks that are reported as hung the first is the one that the crash is about", () => {
  const log = KernelLog.of([
    "[    9.100000] WARNING: CPU: 0 PID: 7 at mm/slub.c:10 check_it+0x1/0x20",
    ...hung(177),
    ...hung(180),
  ]);
  const last = log.reports.at(-1)!;
  assert.equal(last.headline.groups["pid"], "180");
  assert.equal(firstOfRound(log, last).headline.groups["pid"], "177");
  const [warning] = log.reports;
  assert.equal(firstOfRound(log, warning!), warning);
});
