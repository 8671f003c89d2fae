// Runs the fuzzers of test/fuzz with new seeds for some time, and prints what they read and what failed.
// npm run fuzz -- --minutes N [--seed FIRST] [PART OF A FILE'S NAME]...   Inputs that fail are kept in .cache/fuzz/failures.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { setPriority } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { minutes: { type: "string" }, seed: { type: "string" } },
  allowPositionals: true,
});
const minutes = Number(values.minutes ?? 10);
/** Seeds of the suites begin at 0: these are new ones. */
let seed = Number(values.seed ?? 1_000_000 + (Math.floor(Date.now() / 1000) % 1_000_000_000));
const SEEDS_PER_ROUND = 10_000;

const folder = ".cache/fuzz";
const report = resolve(folder, "report.jsonl");
mkdirSync(folder, { recursive: true });
rmSync(report, { force: true });
setPriority(19);

const files = readdirSync("test/fuzz")
  .filter(
    (name) =>
      name.endsWith(".test.ts") && (positionals.length === 0 || positionals.some((part) => name.includes(part))),
  )
  .map((name) => join("test/fuzz", name));
const end = Date.now() + minutes * 60_000;
/** @type {string[]} */
const ended = [];
for (let round = 0; Date.now() < end; round++, seed += SEEDS_PER_ROUND) {
  for (const file of files) {
    if (Date.now() >= end && round > 0) break;
    const env = { ...process.env, FUZZ_SEED: String(seed), FUZZ_REPORT: report };
    const argv = ["--disable-warning=ExperimentalWarning", "--test", file];
    const { status, stdout } = spawnSync(process.execPath, argv, { env, encoding: "utf8", timeout: 30 * 60_000 });
    if (status !== 0) ended.push(`${file} with FUZZ_SEED=${seed}:\n${stdout.slice(-3000)}`);
  }
}

/** @typedef {{ name: string, count: number, accepted: number, slowest: number, maxRSS: number, failed: number }} Row */
/** @type {Map<string, Row>} */
const rows = new Map();
for (const line of existsSync(report) ? readFileSync(report, "utf8").trim().split("\n") : []) {
  /** @type {Row} */
  const one = JSON.parse(line);
  const sum = rows.get(one.name);
  rows.set(one.name, {
    name: one.name,
    count: one.count + (sum?.count ?? 0),
    accepted: one.accepted + (sum?.accepted ?? 0),
    slowest: Math.max(one.slowest, sum?.slowest ?? 0),
    maxRSS: Math.max(one.maxRSS, sum?.maxRSS ?? 0),
    failed: one.failed + (sum?.failed ?? 0),
  });
}
const all = [...rows.values()];
const total = (/** @type {"count" | "failed"} */ key) => all.reduce((sum, row) => sum + row[key], 0);
console.log("| input | number | accepted | slowest | peak memory | failed |\n| --- | --: | --: | --: | --: | --: |");
for (const { name, count, accepted, slowest, maxRSS, failed } of all)
  console.log(
    `| ${name} | ${count.toLocaleString("en")} | ${Math.round((100 * accepted) / count)} % | ${slowest} ms | ${Math.round(maxRSS / 1024)} MiB | ${failed} |`,
  );
console.log(
  `\n${total("count").toLocaleString("en")} inputs, ${total("failed")} failed, ${ended.length} files ended badly`,
);
for (const text of ended) console.log(`\n${text}`);
if (total("failed") + ended.length > 0) process.exitCode = 1;
