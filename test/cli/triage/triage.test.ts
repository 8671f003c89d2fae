/** The verb on copies of the example: workers, the database, shards. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildSync } from "esbuild";
import type { TriageRecord } from "../../../src/crash/triage/triageRecord.ts";

const folder = mkdtempSync(join(tmpdir(), "vmcore-triage-"));
after(() => rmSync(folder, { recursive: true }));

const program = join(folder, "cli.cjs");
buildSync({ entryPoints: ["src/cli/main.ts"], outfile: program, bundle: true, platform: "node", target: "node22" });

const dumps = join(folder, "dumps");
mkdirSync(dumps);
for (const name of ["a", "b", "cut"]) copyFileSync("sample/vmcore", join(dumps, name));
// Too short for its header; named like a dump, it is found by its first bytes.
truncateSync(join(dumps, "cut"), 300);

const env = { ...process.env, HOME: folder };
const triage = (...argv: string[]) => spawnSync(process.execPath, [program, "triage", ...argv], { encoding: "utf8", env }); // prettier-ignore

const records = (text: string): TriageRecord[] =>
  text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as TriageRecord); // prettier-ignore

test("every dump has a record, a damaged one among them, and running again updates the database", () => {
  const db = join(folder, "records.db");
  const first = triage(dumps, "--jobs", "2", "--db", db, "-o", join(folder, "page.html"));
  assert.equal(first.stderr, "");
  assert.equal(first.status, 0);
  // The two copies are one crash: the same build, time, CPU and size.
  assert.match(first.stdout, /^1 +2026-11-21 .*null-pointer +BUG: .* in lab_apply$/m);
  assert.match(first.stdout, /^1 .*could not be opened$/m);
  assert.match(readFileSync(join(folder, "page.html"), "utf8"), /<h1>Triage of 2 dumps in 2 groups/);
  assert.equal(triage(dumps, "--db", db).stdout, first.stdout);
  assert.equal(triage("--db", db).stdout, first.stdout);
});

test("shards have different dumps, and together all of them, as lines of JSON", () => {
  const paths = ["0/2", "1/2"].map((shard) => records(triage(dumps, "--json", "--shard", shard).stdout).map(({ path }) => path)); // prettier-ignore
  assert.deepEqual(
    paths.flat().sort(),
    ["a", "b", "cut"].map((name) => join(dumps, name)),
  );
  assert.equal(paths[1]?.length, 1);
});

test("a worker that is killed gives its dump a record, and the other dumps theirs", async () => {
  const child = spawn(process.execPath, [program, "triage", dumps, "--json", "--jobs", "1"], { env });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const worker = (): string => spawnSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" }).stdout.trim();
  while (worker() === "") await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill(Number(worker().split("\n")[0]), "SIGKILL");
  assert.equal(await new Promise((resolve) => child.on("close", resolve)), 0);
  assert.equal(records(text).length, 3);
  assert.match(records(text)[0]?.failed ?? "", /ended by SIGKILL/);
  assert.equal(records(text).filter(({ level }) => level === "quick").length, 1);
});

test("mistakes are named", () => {
  assert.match(triage().stderr, /triage needs a PATH/);
  assert.match(triage(dumps, "--jobs", "0").stderr, /--jobs 0: not a number/);
  assert.match(triage(dumps, "--shard", "2/2").stderr, /not I\/N/);
  assert.match(triage(dumps, "--vmlinux", "x").stderr, /no option --vmlinux/);
  assert.equal(triage(dumps, "--shard", "x").status, 2);
  assert.match(triage("--db", "package.json").stderr, /^vmcore-debug: package\.json: file is not a database$/m);
});

test("a path that does not exist is a mistake, before a database is made; --db alone prints its records as JSON", () => {
  const db = join(folder, "none.db");
  const { status, stderr, stdout } = triage(join(folder, "nosuch"), "--db", db);
  assert.deepEqual([status, stdout], [3, ""]);
  assert.match(stderr, /^vmcore-debug: \S+nosuch: no such file$/m);
  assert.equal(existsSync(db), false);
  const filled = join(folder, "filled.db");
  triage(dumps, "--db", filled);
  const found = records(triage("--db", filled, "--json").stdout);
  assert.deepEqual(found.map(({ level }) => level).sort(), ["none", "quick"]);
});
