// Redis and PostgreSQL of this machine on ports and in a folder of their own, with dumps to record.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withCrashTime } from "../../scripts/crashTime.mjs";
import { connect } from "./queue.mjs";
import { openStore } from "./store.mjs";

const here = import.meta.dirname;
const root = resolve(here, "../..");

const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [];
const postgres = versions.length > 0 ? join("/usr/lib/postgresql", versions.at(-1) ?? "", "bin") : undefined;
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
/** Why there are no servers; false if there are. */
export const missing =
  (!postgres || !hasRedis) && "NOT RUN: no PostgreSQL or no redis-server (apt-get install redis-server postgresql)";

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => done(port));
    });
  });

/** Waits for something. @param {() => Promise<boolean>} isDone @param {string} what @param {number} limit in milliseconds */
export async function until(isDone, what, limit) {
  for (const end = Date.now() + limit; Date.now() < end; await sleep(300))
    if (await isDone().catch(() => false)) return;
  throw new Error(`${what} took longer than ${limit / 1000} s`);
}

/** Time that the start of a server may take, in milliseconds. */
const START_MS = 120_000;

/** The servers, and the workers that use them. */
export class Fleet {
  folder = mkdtempSync(join(tmpdir(), "fleet-"));
  /** @type {import("node:child_process").ChildProcess[]} */
  #children = [];
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #redis;
  #redisPort = 0;
  /** @type {NodeJS.ProcessEnv} */
  env = {};

  /** @param {string} command @param {string[]} args @param {import("node:child_process").SpawnOptions} [options] */
  #start(command, args, options) {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"], ...options });
    this.#children.push(child);
    return child;
  }

  /** Starts both servers. @returns the database of the records, and the client of Redis */
  async start() {
    const [redisPort, postgresPort] = [await freePort(), await freePort()];
    this.#redisPort = redisPort;
    this.startRedis();
    this.#startPostgres(postgresPort);
    const [redisUrl, databaseUrl] = [`redis://127.0.0.1:${redisPort}`, `postgresql://fleet@127.0.0.1:${postgresPort}/postgres`]; // prettier-ignore
    this.env = {
      ...process.env,
      REDIS_URL: redisUrl,
      DATABASE_URL: databaseUrl,
      VMCORE_DEBUG: `${process.execPath} ${join(root, "dist/cli.js")}`,
      FLEET_LOCK_MS: "5000",
    };
    const client = connect(redisUrl);
    client.on("error", () => {});
    await until(async () => (await client.ping()) === "PONG", "the start of Redis", START_MS);
    /** @type {Awaited<ReturnType<typeof openStore>> | undefined} */
    let opened;
    const isOpen = async () => (opened = await openStore(databaseUrl)) !== undefined;
    await until(isOpen, "the start of PostgreSQL", START_MS);
    return { client, store: /** @type {Awaited<ReturnType<typeof openStore>>} */ (opened) };
  }

  startRedis() {
    const durable = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"];
    const place = ["--port", `${this.#redisPort}`, "--dir", this.folder, "--save", "", "--bind", "127.0.0.1"];
    this.#redis = this.#start("redis-server", [...place, ...durable]);
  }

  killRedis() {
    this.#redis?.kill("SIGKILL");
  }

  /** Starts PostgreSQL, which refuses to run as root. @param {number} port */
  #startPostgres(port) {
    const data = join(this.folder, "postgres");
    mkdirSync(data);
    chmodSync(this.folder, 0o755);
    const isRoot = process.getuid?.() === 0;
    const id = (/** @type {string} */ flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
    const options = isRoot ? { uid: id("-u"), gid: id("-g") } : {};
    if (isRoot) chownSync(data, id("-u"), id("-g"));
    execFileSync(join(postgres ?? "", "initdb"), ["-D", data, "-U", "fleet", "-A", "trust"], {
      stdio: "ignore",
      ...options,
    });
    this.#start(join(postgres ?? "", "postgres"), ["-D", data, "-p", `${port}`, "-k", data, "-h", "127.0.0.1"], {
      ...options,
      stdio: "ignore",
    });
  }

  /** Makes copies of the sample with different crash times. @param {string} name of their folder @param {number} count @param {number} first */
  dumps(name, count, first = 0) {
    const dumps = join(this.folder, name);
    mkdirSync(dumps);
    for (let i = 0; i < count; i++) withCrashTime(join(root, "sample/vmcore"), join(dumps, `vmcore-${i}`), first + i);
    return dumps;
  }

  /** Runs `vmcore-debug-fleet`. @param {string[]} args */
  run(...args) {
    return spawnSync(process.execPath, [join(here, "main.mjs"), ...args], { encoding: "utf8", env: this.env });
  }

  work() {
    return this.#start(process.execPath, [join(here, "main.mjs"), "work"], { env: this.env });
  }

  async stop() {
    // Servers last, so that no client loses them.
    for (const child of this.#children.reverse())
      if (child.exitCode === null && child.signalCode === null)
        child.kill(child.spawnargs[0]?.endsWith("postgres") ? "SIGINT" : "SIGKILL");
    await sleep(500);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Returns the number of dumps that are recorded. @param {Awaited<ReturnType<typeof openStore>>} store */
export const recorded = async (store) =>
  (await store.groups()).reduce((sum, { dumps }) => sum + dumps, 0) + (await store.failed()).length;
