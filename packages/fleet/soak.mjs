// npm run triage:soak: 500 dumps through Redis and PostgreSQL, with workers that are killed; then the dumps a second that
// 1, 2 and 4 workers record. SOAK_DUMPS and SOAK_RATED choose other numbers of dumps.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

process.chdir(import.meta.dirname);
if (!existsSync("node_modules")) {
  const { status } = spawnSync("npm", ["ci", "--silent", "--ignore-scripts"], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}
const { Fleet, missing, recorded, until } = await import("./servers.mjs");
if (missing) {
  console.error(missing);
  process.exit(1);
}

const soak = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", "--test", "fleet.test.mjs"], {
  stdio: "inherit",
  env: { ...process.env, FLEET_DUMPS: process.env.SOAK_DUMPS ?? "500" },
});

const RATED = Number(process.env.SOAK_RATED ?? 100);
const fleet = new Fleet();
try {
  const { client, store } = await fleet.start();
  console.log("| workers | dumps | seconds | dumps a second |\n| ------: | ----: | ------: | -------------: |");
  let all = 0;
  for (const count of [1, 2, 4]) {
    fleet.run("add", fleet.dumps(`of ${count}`, RATED, all));
    all += RATED;
    const workers = Array.from({ length: count }, () => fleet.work());
    const started = performance.now();
    await until(async () => (await recorded(store)) === all, `the records of ${count} workers`, 60_000 + RATED * 5000);
    const seconds = (performance.now() - started) / 1000;
    console.log(`| ${count} | ${RATED} | ${seconds.toFixed(1)} | ${(RATED / seconds).toFixed(1)} |`);
    const ended = workers.map((worker) => new Promise((done) => worker.once("exit", done)));
    for (const worker of workers) worker.kill();
    await Promise.all(ended);
  }
  client.disconnect();
  await store.close();
} finally {
  await fleet.stop();
}
process.exitCode = soak.status ?? 1;
