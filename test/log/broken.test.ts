/** Logs that are cut, shuffled or damaged: whatever is left is read without an error, and each report has an extent. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { splitLines } from "../../src/log/lines.ts";
import { recordOf } from "../../src/log/record.ts";
import { summaryOf } from "../../src/log/summary.ts";

const CASES = new URL("cases/", import.meta.url);
const cases = readdirSync(CASES)
  .filter((name) => name.endsWith(".txt"))
  .sort()
  .map((name) => ({ name, lines: splitLines(readFileSync(new URL(name, CASES), "utf8")) }));

/** The same numbers in each run, so that a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Reads a damaged log whole, and checks what every reader relies on. */
function check(lines: readonly string[], what: string): void {
  const log = KernelLog.of(lines);
  let at = -1;
  for (const report of log.reports) {
    const { start, end, tail } = report;
    assert.ok(start <= report.at && report.at < end && end <= tail && tail <= lines.length, `${what}: extent`);
    assert.ok(report.at > at, `${what}: order`);
    at = report.at;
    const summary = summaryOf(log, report);
    assert.ok(summary.title !== "" && summary.explanation !== "", `${what}: words`);
    assert.doesNotMatch(summary.explanation, /\bundefined\b(?! behaviour)|NaN|\[object/, what);
    for (const { label, text } of summary.rows)
      assert.doesNotMatch(text, /\bundefined\b(?! behaviour)|NaN|\[object/, `${what}: ${label}`);
    JSON.stringify(recordOf(log, report));
  }
}

test("a log that is cut at any line is read", () => {
  for (const { name, lines } of cases) {
    for (let at = 0; at <= lines.length; at++) {
      check(lines.slice(0, at), `${name} up to line ${at}`);
      check(lines.slice(at), `${name} from line ${at}`);
    }
  }
});

test("two logs whose lines are interleaved are read", () => {
  const random = randomFrom(20261130);
  for (const { name, lines } of cases) {
    const other = cases[random(cases.length)]!;
    const [left, right] = [[...lines], [...other.lines]];
    const mixed: string[] = [];
    while (left.length + right.length > 0) {
      const from = random(left.length + right.length) < left.length ? left : right;
      mixed.push(from.shift()!);
    }
    check(mixed, `${name} with ${other.name}`);
    const shuffled = [...lines];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = random(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    check(shuffled, `${name} in any order`);
  }
});

test("a log that lacks any ten characters is read", () => {
  const random = randomFrom(7);
  for (const { name, lines } of cases) {
    const text = lines.join("\n");
    for (let round = 0; round < 40; round++) {
      const at = random(text.length);
      check(splitLines(text.slice(0, at) + text.slice(at + 10)), `${name} without ten characters at ${at}`);
    }
  }
});
