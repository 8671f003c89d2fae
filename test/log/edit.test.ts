import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { factsOf } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { splitLines } from "../../src/log/lines.ts";

const folder = new URL("cases/", import.meta.url);
const cases = readdirSync(folder).flatMap((name) => splitLines(readFileSync(new URL(name, folder), "utf8")));
const boot = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => `[${(i / 1000).toFixed(6).padStart(12)}] usb 1-${i}: new high-speed USB device`,
  );

/** Reports without what is shared by identity. */
const told = (log: KernelLog): unknown =>
  log.reports.map(({ headline, ...rest }) => ({ kind: headline.row.kind, groups: { ...headline.groups }, ...rest }));

/** The same numbers on each run. */
function* random(seed: number): Generator<number> {
  for (let x = seed; ; x = (Math.imul(x, 1103515245) + 12345) >>> 0) yield (x >>> 8) / (1 << 24);
}

test("an edited log has the reports that reading it anew finds", () => {
  const numbers = random(7);
  const next = (limit: number): number => Math.floor(numbers.next().value! * limit);
  let lines = [...boot(300), ...cases, ...boot(500), ...cases, ...boot(40)];
  let log = KernelLog.of(lines);
  for (let round = 0; round < 120; round++) {
    const start = next(lines.length);
    const removed = Math.min(next(5), lines.length - start);
    const from = next(cases.length);
    const given = cases.slice(from, from + next(12));
    lines = [...lines.slice(0, start), ...given, ...lines.slice(start + removed)];
    log = log.edited(start, removed, given);
    assert.deepEqual(told(log), told(KernelLog.of(lines)), `round ${round}: ${start} ${removed} ${given.length}`);
  }
});

test("an edit behind a headline within a trace does not leave the trace its old end", () => {
  // A checkpoint is right behind the headline, which is line 255.
  const before = boot(252);
  const trace = `[    1.000000] BUG: KASAN: stack-out-of-bounds in lab_check+0x1a/0x40
[    1.000000] Call Trace:
[    1.000000]  kasan_report+0x10/0x20
[    1.000000] list_add corruption. next->prev should be prev (ffff8880ae72d8d8), but was ffff8880a9eb8600. (next=ffff8880a9eb84f0).
[    1.000000]  lab_check+0x71/0xa0
[    1.000000]  lab_error+0xbc9/0x1890`.split("\n");
  const log = KernelLog.of([...before, ...trace, "[    1.000000] ---[ end trace 0000000000000000 ]---"]);
  const edited = log.edited(before.length + trace.length, 1, []);
  assert.deepEqual(told(edited), told(KernelLog.of([...before, ...trace])));
});

test("an edit of a log of 100,000 lines is processed in a few milliseconds", () => {
  const lines: string[] = [];
  while (lines.length < 100_000) lines.push(...boot(300), ...cases);
  let log = KernelLog.of(lines);
  const times: number[] = [];
  for (let round = 0; round < 40; round++) {
    const start = (round * 2477) % lines.length;
    const begin = performance.now();
    log = log.edited(start, 1, [lines[start] ?? "", "a line"]);
    times.push(performance.now() - begin);
  }
  const [quick = 0] = times.sort((a, b) => a - b).slice(times.length / 8);
  // Alone it takes some 2 ms; the limit leaves room for a busy machine.
  assert.ok(quick < 25, `${quick} ms`);
});

test("hostile lines are read in linear time", () => {
  const units = [
    "a",
    " ",
    "a:",
    "<",
    "[ ",
    "> ",
    "ffffffff ",
    "a b ",
    "f+0x1/0x2 ",
    "\u001b[1m",
    "1.",
    "INFO: task a:1 ",
    "(",
    "a/",
  ];
  const heads = [
    "",
    "[    1.000000] ",
    "WARNING: CPU: 0 PID: 1 at ",
    "BUG: KASAN: x in ",
    " f+0x1/0x2 ",
    " #0: (",
    "INFO: task ",
  ];
  for (const unit of units) {
    for (const head of heads) {
      const line = head + unit.repeat(1 << 18);
      const begin = performance.now();
      const log = KernelLog.of([
        "BUG: kernel NULL pointer dereference, address: 0000000000000000",
        "Call Trace:",
        line,
        line,
      ]);
      for (const report of log.reports) factsOf(log, report);
      const time = performance.now() - begin;
      assert.ok(time < 400, `${JSON.stringify(head)} ${JSON.stringify(unit)}: ${time} ms`);
    }
  }
});
