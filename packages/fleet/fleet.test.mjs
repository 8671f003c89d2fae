// Sixty dumps through Redis and PostgreSQL of this machine: workers end and are killed, Redis restarts, and every dump
// has one record. FLEET_DUMPS=500 is the long form. Needs redis-server, PostgreSQL and a built dist/.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withCrashTime } from "../../scripts/crashTime.mjs";
import { connect, doubts } from "./queue.mjs";
import { openStore } from "./store.mjs";

const here = import.meta.dirname;
const root = resolve(here, "../..");
const DUMPS = Number(process.env.FLEET_DUMPS ?? 60);
const LIMIT_MS = 240_000 + DUMPS * 2000;

const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [];
const postgres = versions.length > 0 ? join("/usr/lib/postgresql", versions.at(-1) ?? "", "bin") : undefined;
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const skip =
  (!postgres || !hasRedis) && "NOT RUN: no PostgreSQL or no redis-server (apt-get install redis-server postgresql)";

const folder = mkdtempSync(join(tmpdir(), "fleet-"));
/** @type {import("node:child_process").ChildProcess[]} */
const children = [];
after(async () => {
  // Servers last, so that no client loses them.
  for (const child of children.reverse())
    if (child.exitCode === null && child.signalCode === null)
      child.kill(child.spawnargs[0]?.endsWith("postgres") ? "SIGINT" : "SIGKILL");
  await sleep(500);
  rmSync(folder, { recursive: true, force: true });
});

/** @param {string} command @param {string[]} args @param {import("node:child_process").SpawnOptions} [options] */
function start(command, args, options) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"], ...options });
  children.push(child);
  return child;
}

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => done(port));
    });
  });

/** @param {() => Promise<boolean>} isDone @param {string} what */
async function until(isDone, what) {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(300))
    if (await isDone().catch(() => false)) return;
  assert.fail(`${what} took longer than ${LIMIT_MS / 1000} s`);
}

/** @param {number} port */
function startRedis(port) {
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"];
  return start("redis-server", ["--port", `${port}`, "--dir", folder, "--save", "", "--bind", "127.0.0.1", ...durable]);
}

/** Starts PostgreSQL, which refuses to run as root. @param {number} port */
function startPostgres(port) {
  const data = join(folder, "postgres");
  mkdirSync(data);
  chmodSync(folder, 0o755);
  const isRoot = process.getuid?.() === 0;
  const id = (/** @type {string} */ flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const options = isRoot ? { uid: id("-u"), gid: id("-g") } : {};
  if (isRoot) chownSync(data, id("-u"), id("-g"));
  execFileSync(join(postgres ?? "", "initdb"), ["-D", data, "-U", "fleet", "-A", "trust"], {
    stdio: "ignore",
    ...options,
  });
  start(join(postgres ?? "", "postgres"), ["-D", data, "-p", `${port}`, "-k", data, "-h", "127.0.0.1"], {
    ...options,
    stdio: "ignore",
  });
}

test("every dump has one record, though workers end and are killed and Redis restarts", { skip }, async () => {
  const [redisPort, postgresPort] = [await freePort(), await freePort()];
  let redis = startRedis(redisPort);
  startPostgres(postgresPort);
  const dumps = join(folder, "dumps");
  mkdirSync(dumps);
  for (let i = 0; i < DUMPS - 1; i++) withCrashTime(join(root, "sample/vmcore"), join(dumps, `vmcore-${i}`), i);
  // A damaged dump is a record as well.
  writeFileSync(join(dumps, "damaged"), "KDUMP   and nothing");

  const env = {
    ...process.env,
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    DATABASE_URL: `postgresql://fleet@127.0.0.1:${postgresPort}/postgres`,
    VMCORE_DEBUG: `${process.execPath} ${join(root, "dist/cli.js")}`,
    FLEET_LOCK_MS: "5000",
  };
  const fleet = (/** @type {string[]} */ ...args) =>
    spawnSync(process.execPath, [join(here, "main.mjs"), ...args], { encoding: "utf8", env });
  const client = connect(env.REDIS_URL);
  client.on("error", () => {});
  await until(async () => (await client.ping()) === "PONG", "the start of Redis");
  assert.deepEqual(await doubts(client), []);
  /** @type {Awaited<ReturnType<typeof openStore>> | undefined} */
  let opened;
  await until(async () => (opened = await openStore(env.DATABASE_URL)) !== undefined, "the start of PostgreSQL");
  const store = /** @type {Awaited<ReturnType<typeof openStore>>} */ (opened);
  const recorded = async () =>
    (await store.groups()).reduce((sum, { dumps: n }) => sum + n, 0) + (await store.failed()).length;

  assert.equal(fleet("add", dumps).stdout, `${DUMPS} dumps\n`);
  // Added again, they are the same jobs.
  fleet("add", dumps);
  const work = () => start(process.execPath, [join(here, "main.mjs"), "work"], { env });
  const workers = [work(), work(), work(), work()];
  const started = Date.now();
  await until(async () => (await recorded()) >= DUMPS / 6, "the first records");
  workers[0]?.kill("SIGTERM");
  workers[1]?.kill("SIGKILL");
  await until(async () => (await recorded()) >= DUMPS / 3, "a third of the records");
  redis.kill("SIGKILL");
  await sleep(1000);
  redis = startRedis(redisPort);
  await until(async () => (await recorded()) === DUMPS, "all records");
  console.log(`${DUMPS} dumps in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  await until(
    async () => /"waiting":0,"active":0|"active":0.*"waiting":0/.test(fleet("status").stdout),
    "the end of the jobs",
  );

  const lines = fleet("groups").stdout.trim().split("\n");
  assert.match(lines[0] ?? "", new RegExp(`^${DUMPS - 1}\\t`));
  assert.equal(lines.filter((line) => line.startsWith("failed\t")).length, 1);
  // A worker that is told to end finishes its dump.
  await until(async () => workers[0]?.exitCode === 0, "the end of the first worker");
  client.disconnect();
  await store.close();
});
