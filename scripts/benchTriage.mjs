// Measures `triage` on 200 dumps (or $TRIAGED): copies of stored dumps, each with another crash time. Usage:
// benchTriage.mjs FOLDER DUMP... The copies are made in FOLDER when they are not there. Prints a line of JSON for each
// number of workers.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { withCrashTime } from "./crashTime.mjs";

const COPIES = Number(process.env.TRIAGED ?? 200);

const [folder, ...dumps] = process.argv.slice(2);
if (folder === undefined || dumps.length === 0) throw new Error("usage: benchTriage.mjs FOLDER DUMP...");
mkdirSync(folder, { recursive: true });
for (let i = 0; i < COPIES; i++) {
  const to = join(folder, `vmcore-${String(i).padStart(3, "0")}`);
  if (!existsSync(to)) withCrashTime(dumps[i % dumps.length] ?? "", to, i);
}

for (const jobs of [1, 2, 4]) {
  const started = performance.now();
  const { stdout } = spawnSync(process.execPath, ["dist/cli.js", "triage", folder, "--json", "--jobs", String(jobs)], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - started) / 1000;
  const records = stdout.trim().split("\n").map((line) => JSON.parse(line)); // prettier-ignore
  const times = records.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => times[Math.ceil(share * times.length) - 1];
  const figures = {
    jobs,
    records: records.length,
    groups: new Set(records.map(({ key }) => key)).size,
    failed: records.filter(({ failed }) => failed).length,
    median: at(0.5),
    last: at(0.99),
    rate: records.length / seconds,
  };
  console.log(JSON.stringify(figures));
}
