// Sixty dumps through Redis and PostgreSQL of this machine: workers end and are killed, Redis restarts, and every dump
// has one record. FLEET_DUMPS=500 is the long form. Needs redis-server, PostgreSQL and a built dist/.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { doubts } from "./queue.mjs";
import { Fleet, missing, recorded, until } from "./servers.mjs";

const DUMPS = Number(process.env.FLEET_DUMPS ?? 60);
const LIMIT_MS = 240_000 + DUMPS * 2000;

const fleet = new Fleet();
after(() => fleet.stop());

test("every dump has one record, though workers end and are killed and Redis restarts", { skip: missing }, async () => {
  const { client, store } = await fleet.start();
  const dumps = fleet.dumps("dumps", DUMPS - 1);
  // A damaged dump is a record as well.
  writeFileSync(join(dumps, "damaged"), "KDUMP   and nothing");
  assert.deepEqual(await doubts(client), []);

  assert.equal(fleet.run("add", dumps).stdout, `${DUMPS} dumps\n`);
  // Added again, they are the same jobs.
  fleet.run("add", dumps);
  const workers = [fleet.work(), fleet.work(), fleet.work(), fleet.work()];
  const started = Date.now();
  await until(async () => (await recorded(store)) >= DUMPS / 6, "the first records", LIMIT_MS);
  workers[0]?.kill("SIGTERM");
  workers[1]?.kill("SIGKILL");
  await until(async () => (await recorded(store)) >= DUMPS / 3, "a third of the records", LIMIT_MS);
  fleet.killRedis();
  await sleep(1000);
  fleet.startRedis();
  await until(async () => (await recorded(store)) === DUMPS, "all records", LIMIT_MS);
  console.log(`${DUMPS} dumps in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  await until(
    async () => /"waiting":0,"active":0|"active":0.*"waiting":0/.test(fleet.run("status").stdout),
    "the end of the jobs",
    LIMIT_MS,
  );

  const lines = fleet.run("groups").stdout.trim().split("\n");
  assert.match(lines[0] ?? "", new RegExp(`^${DUMPS - 1}\\t`));
  assert.equal(lines.filter((line) => line.startsWith("failed\t")).length, 1);
  // A worker that is told to end finishes its dump.
  await until(async () => workers[0]?.exitCode === 0, "the end of the first worker", LIMIT_MS);
  client.disconnect();
  await store.close();
});
