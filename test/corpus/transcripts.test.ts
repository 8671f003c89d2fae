/**
 * Every command line that was recorded with crash, run as one session on the same dump and compared line by line.
 * What is legitimately ours is a row of transcriptDifferences.ts; a command's share of agreeing lines never falls
 * below baseline.json. `UPDATE=1` rewrites the baseline; `SHOW=ps` prints what differs in one command.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type CorpusDump, corpus, moduleFolders, storedDumps, vmlinuxOf } from "./corpus.ts";
import { agreeing, normal, recorded, runSession } from "./transcript.ts";
import { transcriptDifferences } from "./transcriptDifferences.ts";

/** A file that was cut when it was recorded: `sym -l` after 2000 lines. */
const recordedLines = 2000;
const update = process.env["UPDATE"] === "1";
const show = process.env["SHOW"];

interface Score {
  agree: number;
  total: number;
  explained: number;
}
type Baseline = Record<string, Record<string, number>>;
const baselineFile = new URL("baseline.json", import.meta.url);
const baseline: Baseline = existsSync(baselineFile) ? (JSON.parse(readFileSync(baselineFile, "utf8")) as Baseline) : {};

const explains = (dump: string, line: string, text: string): boolean =>
  transcriptDifferences.some(
    (row) => (row.dump?.test(dump) ?? true) && row.command.test(line) && row.pattern.test(text),
  );

function score(dump: string, line: string, ours: readonly string[], theirs: readonly string[]): Score {
  const common = agreeing(ours, theirs);
  const left = (lines: readonly string[], agreed: Set<number>): string[] => lines.filter((_, i) => !agreed.has(i));
  const mine = left(ours, common.ours);
  const crash = left(theirs, common.theirs);
  const myRest = mine.filter((text) => !explains(dump, line, text));
  const crashRest = crash.filter((text) => !explains(dump, line, text));
  if (show !== undefined && line.startsWith(show)) {
    console.log(`# ${dump} ${line}`);
    for (const text of crashRest.slice(0, 60)) console.log(`#   crash ${text}`);
    for (const text of myRest.slice(0, 60)) console.log(`#   ours  ${text}`);
  }
  const wrong = Math.max(myRest.length, crashRest.length);
  return {
    agree: common.theirs.size,
    total: common.theirs.size + wrong,
    explained: mine.length + crash.length - myRest.length - crashRest.length,
  };
}

function compareSession(
  dump: CorpusDump,
  mode: string,
  vmlinux: string | undefined,
  modules: string | undefined,
): Map<string, Score> {
  const ref = dump.ref!;
  const lines = recorded(ref);
  const session = runSession(dump, lines, vmlinux, modules);
  try {
    const scores = new Map<string, Score>();
    for (const { line, file } of lines) {
      const theirs = normal(readFileSync(join(ref, file), "utf8"));
      const ours = session.answer(file);
      scores.set(
        line,
        score(
          `${dump.name} ${mode}`,
          line,
          (ours ?? []).slice(0, file.startsWith("sym-l") ? recordedLines : undefined),
          theirs,
        ),
      );
    }
    return scores;
  } finally {
    session.close();
  }
}

const share = ({ agree, total }: Score): number => (total === 0 ? 1 : agree / total);

function report(
  name: string,
  scores: Map<string, Score>,
): { agree: number; total: number; low: string[]; fallen: string[] } {
  let [agree, total] = [0, 0];
  const low: string[] = [];
  const fallen: string[] = [];
  const known = baseline[name] ?? {};
  const now: Record<string, number> = {};
  for (const [line, one] of scores) {
    agree += one.agree;
    total += one.total;
    const percent = Math.floor(share(one) * 1000) / 10;
    now[line] = percent;
    if (percent < 90) low.push(`${line}: ${percent} % (${one.agree} of ${one.total})`);
    if (percent < (known[line] ?? 0)) fallen.push(`${line}: ${percent} %, was ${known[line]} %`);
  }
  if (update) baseline[name] = now;
  console.log(
    `# ${name}: ${agree} of ${total} lines agree (${((100 * agree) / total).toFixed(2)} %), ${low.length} commands under 90 %`,
  );
  for (const line of low) console.log(`#   ${line}`);
  return { agree, total, low, fallen };
}

const dumps = storedDumps.filter(({ ref }) => ref !== undefined && existsSync(join(ref, "commands.txt")));
if (dumps.length === 0) test("transcripts of crash", { skip: `no corpus at ${corpus}: set VMCORE_CORPUS` }, () => {});
console.log(`# ${transcriptDifferences.length} rows in the table of differences`);
for (const dump of dumps) {
  test(`${dump.name}: commands answer as crash did`, (t) => {
    const vmlinux = vmlinuxOf(dump.family);
    if (vmlinux === undefined) return t.skip(`no vmlinux of ${dump.family} to be had`);
    const scores = compareSession(dump, "vmlinux", vmlinux, moduleFolders(dump, vmlinux).at(-1));
    const { agree, total, low, fallen } = report(`${dump.name} vmlinux`, scores);
    if (update) writeFileSync(baselineFile, JSON.stringify(baseline, null, 1) + "\n");
    assert.deepEqual(fallen, []);
    assert.deepEqual(low, []);
    assert.ok(agree >= 0.98 * total, `${agree} of ${total} lines agree`);
  });
  test(`${dump.name}: with the dump alone commands print what crash printed`, () => {
    const scores = compareSession(dump, "bare", undefined, undefined);
    const { agree, total, low, fallen } = report(`${dump.name} bare`, scores);
    if (update) writeFileSync(baselineFile, JSON.stringify(baseline, null, 1) + "\n");
    assert.deepEqual(fallen, []);
    assert.deepEqual(low, []);
    assert.ok(agree >= 0.98 * total, `${agree} of ${total} lines agree`);
  });
}
