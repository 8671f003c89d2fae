import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ask } from "../../../src/panels/ask.ts";
import { LogExplained } from "../../../src/panels/log/logExplained.ts";
import { LoadedLog } from "../../../src/panels/log/logLoad.ts";
import type { LogMessage, LogStretch } from "../../../src/protocol/custom.ts";

const WARNING = [
  "------------[ cut here ]------------",
  "WARNING: CPU: 1 PID: 7 at fs/inode.c:12 f+0x1/0x2",
  "RIP: 0010:f+0x1/0x2",
  "---[ end trace 0000000000000000 ]---",
];

const message = (text: string): LogMessage => ({ text, time_ns: "1000000000", level: 6, caller: undefined });

/** Answers from a log of so many lines, which ends with a warning; what was asked is kept. */
function logOf(count: number, { failBefore = -1 } = {}): { ask: Ask; asked: number[] } {
  const all = [...Array.from({ length: count - WARNING.length }, (_, i) => `line ${i}`), ...WARNING].map(message);
  const asked: number[] = [];
  const stretch = ({ count: wanted, before = all.length }: { count: number; before?: number }): LogStretch => {
    asked.push(wanted);
    if (before <= failBefore) throw new Error("page excluded from dump");
    const first = Math.max(0, before - wanted);
    return { messages: all.slice(first, before), first };
  };
  const described = { described: [{ address: "0x1", symbol: "f", code: true, places: [{ file: "f.c", line: 12 }] }] };
  const ask = (request: string, args: object): Promise<unknown> =>
    new Promise((done) => done(request === "log" ? stretch(args as { count: number }) : described));
  return { ask: ask as Ask, asked };
}

test("the newest lines of a log are shown after one small answer, the others in parts", async () => {
  const { ask, asked } = logOf(20_000);
  const log = new LoadedLog(ask);
  await log.readNewest();
  assert.equal(log.lines.at(-1)?.text, WARNING.at(-1));
  assert.deepEqual(asked, [1000]);
  assert.deepEqual(
    log.reports.map(({ first }) => first),
    [996],
  );
  const told: string[] = [];
  await log.readOlder(() => told.push(log.progress));
  assert.deepEqual(told.slice(0, 2), ["Reading 19,000 older messages…", "Reading 14,000 older messages…"]);
  assert.equal(log.lines.length, 1000, "nothing moves until all is there");
  assert.deepEqual(log.join(), { lines: 19_000, reports: 0 });
  assert.deepEqual(
    log.lines.slice(0, -WARNING.length).map(({ text }) => text),
    Array.from({ length: 20_000 - WARNING.length }, (_, i) => `line ${i}`),
  );
  assert.equal(log.progress, "");
});

test("a log with an error shows the lines read, and reports what is missing", async () => {
  const log = new LoadedLog(logOf(20_000, { failBefore: 9000 }).ask);
  await log.readNewest();
  await log.readOlder(() => undefined);
  log.join();
  assert.equal(log.lines.length, 11_000);
  assert.equal(log.progress, "9,000 older messages cannot be read: page excluded from dump");
});

test("explanations stay with their report when older lines are added, also pending ones", async () => {
  const { ask } = logOf(3000);
  const log = new LoadedLog(ask);
  const explained = new LogExplained(log, ask);
  await log.readNewest();
  const underWay = explained.explain(0);
  await log.readOlder(() => undefined);
  const { lines, reports } = log.join();
  explained.move(lines, reports);
  await underWay;
  assert.deepEqual(explained.sourcesOf(2998), ["f.c:12"]);
  assert.deepEqual(explained.sourcesOf(998), []);
});
