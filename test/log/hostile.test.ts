/** Texts that no kernel wrote: reading them takes time in proportion to their length. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesIn } from "../../src/log/entries.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { landmarksOf } from "../../src/log/landmarks.ts";
import { splitLines } from "../../src/log/lines.ts";
import { summaryOf } from "../../src/log/summary.ts";
import { wordsOf } from "../../src/log/words.ts";

/** Reads all that faces read of a log, and returns its reports and the milliseconds that it took. */
function read(lines: readonly string[]): { readonly reports: number; readonly ms: number } {
  const start = performance.now();
  const log = KernelLog.of(lines);
  for (const report of log.reports) summaryOf(log, report);
  landmarksOf(log);
  entriesIn(log, 0, log.lines.length);
  for (const line of lines) wordsOf(line);
  return { reports: log.reports.length, ms: performance.now() - start };
}

/** Characters of a line that are read (MAX_LINE of lines.ts), about. */
const LENGTH = 4000;
/** Ten times what the slowest line takes on a slow machine; a pattern that backtracks takes seconds. */
const MAX_LINE_MS = 60;

/** What patterns look for, repeated so often that one which tries every way to split it does not end. */
const UNITS = [
  ..."[(<>|/._=? \t0fa",
  ..."[<|][|?? |a |a:|a.|a/|/a|::|<a>|-> #|, at: |from |a from |(a) from |=> |> ".split("|"),
  ..."+0x1|a+0x1/0x2 |x1:|1-..|  0x|RIP: 0010:|EIP: |GPR00: |$ 0   : 00000000 |00000000 |a.c:1 | [inline]".split("|"),
  ..."BUG: |INFO: task a:1 |Comm: a |PID: 1 |CPU: 1 |Tainted: |Tainted: [A]=A, |G |(&a){|aa(O) |Unhandled ".split("|"),
  ..."[ 1.0] |kernel: |host |12:34:56 |Mar  5 |2024-01-01T00:00:00 |<1>|1,2,3,|mce: |{1}[Hardware Error]: ".split("|"),
  "\u0000",
  "\u001b[1m",
  "\u001b[",
  "\u00e9",
];
const STARTS = [
  "",
  " ",
  "[    1.000000] ",
  "[    1.000000] Call Trace: ",
  "[    1.000000] INFO: task ",
  "Mar  5 10:11:12 host ",
  "BUG: KASAN: ",
  "WARNING: CPU: 0 PID: 1 at ",
  "CPU: 0 PID: 1 Comm: ",
  "Modules linked in: ",
  "VERIFY(",
  "Code: ",
];

test("no pattern takes more than linear time on a line of what it looks for", () => {
  const slow = STARTS.flatMap((start) =>
    UNITS.flatMap((unit) => {
      const line = start + unit.repeat(Math.ceil(LENGTH / unit.length)).slice(0, LENGTH);
      const { ms } = read([line]);
      // What was slow once may have waited for another process.
      return ms > MAX_LINE_MS && read([line]).ms > MAX_LINE_MS ? [`${start}${unit}: ${ms.toFixed(0)} ms`] : [];
    }),
  );
  assert.deepEqual(slow, []);
});

test("a line of a hundred megabytes and a million brackets are read at once", () => {
  assert.ok(read(splitLines("a".repeat(100e6))).ms < 2000);
  assert.ok(read(splitLines("[".repeat(1e6) + "]".repeat(1e6))).ms < 1000);
});

test("NUL bytes, text in two bytes a character and random bytes hold no report", () => {
  const random = Array.from({ length: 1e6 }, (_, i) => String.fromCharCode(Math.imul(i, 2654435761) >>> 24)).join("");
  const wide = Buffer.from("[    1.000000] BUG: unable to handle kernel paging request\n".repeat(1e4), "utf16le");
  for (const text of ["\u0000".repeat(1e6), wide.toString("latin1"), random]) {
    const { reports, ms } = read(splitLines(text));
    assert.equal(reports, 0);
    assert.ok(ms < 5000, `${ms} ms`);
  }
});

test("a log of headlines, of callers that never end and of one endless trace is read in proportion to its lines", () => {
  const COUNT = 20_000;
  const headline = "[    1.000000] BUG: KASAN: use-after-free in f+0x1/0x2";
  const logs = [
    Array.from({ length: COUNT }, () => headline),
    Array.from({ length: COUNT }, (_, i) => `[    1.000000][T${i}] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2`),
    [headline, "[    1.000000] Call Trace:", ...Array.from({ length: COUNT }, () => "[    1.000000]  f+0x1/0x2")],
    Array.from({ length: COUNT }, () => "[    1.000000] ------------[ cut here ]------------"),
  ];
  for (const lines of logs) assert.ok(read(lines).ms < 10_000, lines[0]);
});
