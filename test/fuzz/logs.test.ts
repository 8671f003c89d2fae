/** Kernel logs with lines cut, moved, mixed and damaged are read to their end, with bounded text in each answer. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { entriesIn } from "../../src/log/entries.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { landmarksOf } from "../../src/log/landmarks.ts";
import { splitLines } from "../../src/log/lines.ts";
import { summaryOf } from "../../src/log/summary.ts";
import { wordsOf } from "../../src/log/words.ts";
import { blocksOf } from "../../src/document/markdown.ts";
import { type Below, survives } from "./fuzzing.ts";

const CASES = "test/log/cases";
const logs = readdirSync(CASES)
  .filter((name) => name.endsWith(".txt"))
  .map((name) => readFileSync(join(CASES, name), "utf8").split("\n").slice(0, 400));

/** What stands in fields of a report. */
const VALUES = ["", "0", "-1", "ffffffffffffffff", "99999999999999999999", "\u0000", "\u001b[31m", "é", "(((", "a".repeat(5000), "[ 1.0] ", "%s", "+0x/0x", "<", "RIP: 0010:", "Call Trace:", "---[ end trace"]; // prettier-ignore

/** Lines of several logs with one to six wounds. */
function damaged(below: Below): string {
  const from = (): readonly string[] => logs[below(logs.length)] ?? [];
  let lines = [...from()];
  for (let wounds = 1 + below(6); wounds > 0; wounds--) {
    const at = below(lines.length + 1);
    const line = lines[at] ?? "";
    const column = below(line.length + 1);
    const other = from();
    const first = below(other.length);
    switch (below(7)) {
      case 0:
        lines.splice(at, 1 + below(5));
        break;
      case 1:
        lines.splice(at, 0, ...other.slice(first, first + 1 + below(40)));
        break;
      case 2:
        lines[at] = line.slice(0, column) + (VALUES[below(VALUES.length)] ?? "") + line.slice(column + below(20));
        break;
      case 3:
        lines[at] = line.replace(/[0-9a-f]+/g, (word) =>
          below(3) === 0 ? (VALUES[below(VALUES.length)] ?? "") : word,
        );
        break;
      case 4:
        lines = [...lines.slice(at), ...lines.slice(0, at)];
        break;
      case 5:
        lines[at] = `${line}${other[first] ?? ""}`;
        break;
      case 6:
        lines = lines.map((one, i) => (i % 2 === 0 ? one : (other[i] ?? one)));
        break;
    }
  }
  return lines.join(below(4) === 0 ? "\r\n" : "\n");
}

survives("kernel logs", {
  cases: 400,
  make: damaged,
  read: (text) => {
    const lines = splitLines(text);
    const log = KernelLog.of(lines);
    for (const report of log.reports) {
      const { title, rows } = summaryOf(log, report);
      assert.ok(title.length < 10_000 && rows.length < 1000);
    }
    landmarksOf(log);
    entriesIn(log, 0, log.lines.length);
    for (const line of lines.slice(0, 50)) wordsOf(line);
    return log.reports.length > 0;
  },
  accepted: 0.3,
});

const report = readFileSync("docs/example-report.md", "utf8").split("\n");
const marks = ["```", "````", "```crash", "~~~", "#", "-", "|", "    ", "![](", "<script>", "\u0000"];
survives("reports and notebooks", {
  cases: 400,
  make: (below) => {
    const lines = [...report];
    for (let wounds = 1 + below(20); wounds > 0; wounds--)
      lines[below(lines.length)] = `${marks[below(marks.length)] ?? ""}${lines[below(lines.length)] ?? ""}`;
    return lines.join("\n");
  },
  read: (text) => blocksOf(text).length > 0,
  accepted: 0.9,
});
