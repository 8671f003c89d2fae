/** What a guest's own files said before the crash, compared with what its dump says: `npm run nightly`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../src/crash/language/language.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { corpus } from "../corpus.ts";
import { makeCrash } from "./make.ts";
import { instrumented } from "./platform.ts";

/** What prevents these tests; undefined when nothing does. */
const absent = !existsSync(join(corpus, "make"))
  ? "NOT RUN: the corpus is absent"
  : spawnSync("qemu-system-x86_64", ["--version"]).error
    ? "NOT RUN: there is no qemu-system-x86_64"
    : process.getuid?.() === 0
      ? undefined
      : "NOT RUN: only root can build the instrumented kernel";

type Row = Readonly<Record<string, unknown>>;

/** The records that a command prints about a dump. */
function recordsOf(vmcore: string, line: string): Row[] {
  const session = openSession({ vmcore: [vmcore] });
  try {
    return [...run(session.context, line)].flatMap((piece) => (piece.kind === "record" ? [piece.data as Row] : []));
  } finally {
    session.close();
  }
}

/** The lines of a file that the guest wrote to its console with a prefix. */
const linesOf = (console: string, prefix: string): string[] =>
  readFileSync(console, "latin1")
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []));

test("memory by source line agrees with the guest's /proc/allocinfo", { skip: absent }, async () => {
  const made = await makeCrash("allocations", instrumented());
  const guest = linesOf(made.console, "allocinfo: ").map((line) => {
    const [, bytes, count, place, module, name] = /^(-?\d+) (\d+) (\S+) (?:\[(\S+)\] )?func:(\S+)/.exec(line) ?? [];
    return { bytes: Number(bytes), count: Number(count), place, module: module ?? null, function: name };
  });
  const dump = recordsOf(made.vmcore, "kmem -A");
  const ofModule = (rows: readonly Row[]): string[] =>
    rows
      .filter(({ module }) => module === "archive")
      .map((row) => ["bytes", "count", "place", "function"].map((key) => String(row[key])).join(" "))
      .sort();
  assert.equal(ofModule(guest).length, 3);
  assert.deepEqual(ofModule(dump), ofModule(guest));
  const total = (rows: readonly Row[]): number => rows.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  const difference = Math.abs(total(dump) / total(guest) - 1);
  assert.ok(guest.length > 100 && difference < 0.01, `${guest.length} lines, totals differ by ${difference}`);
});
