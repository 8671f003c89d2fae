#!/usr/bin/env node
// vmcore-debug-fleet: triage of many dumps by many machines, with a queue on Redis and records in PostgreSQL.
import { add, connect, counts, doubts, files, work } from "./queue.mjs";
import { record } from "./recorder.mjs";
import { openStore } from "./store.mjs";

const USAGE = `Usage: vmcore-debug-fleet add [--full] PATH...   adds dumps, or all files of directories, to the queue
       vmcore-debug-fleet work [--jobs N]        records dumps until SIGTERM
       vmcore-debug-fleet status                 prints the number of jobs in each state
       vmcore-debug-fleet groups                 prints the dumps grouped by crash

Environment: REDIS_URL      such as redis://localhost:6379 (the default)
             DATABASE_URL   such as postgresql://user@host/database
             VMCORE_DEBUG   the program, with its first arguments (default: vmcore-debug)
`;

const [verb, ...rest] = process.argv.slice(2);
const redisUrl = process.env.REDIS_URL ?? "redis://localhost:6379";
const program = (process.env.VMCORE_DEBUG ?? "vmcore-debug").split(" ");

function store() {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new Error("set DATABASE_URL, such as postgresql://user@host/database");
  return openStore(url);
}

const verbs = {
  async add() {
    const paths = rest.filter((word) => word !== "--full");
    const full = rest.includes("--full");
    const redis = connect(redisUrl);
    for (const doubt of await doubts(redis)) process.stderr.write(`vmcore-debug-fleet: ${doubt}\n`);
    const dumps = [...files(paths)].map((path) => ({ path, full }));
    process.stdout.write(`${await add(redis, dumps)} dumps\n`);
    redis.disconnect();
  },
  async work() {
    const jobs = Number(rest[rest.indexOf("--jobs") + 1] ?? 1) || 1;
    const redis = connect(redisUrl);
    const records = await store();
    const worker = work(redis, jobs, async (dump) => records.put(await record(program, dump)));
    const end = async () => {
      await worker.close();
      await records.close();
      redis.disconnect();
    };
    await new Promise((resolve) => ["SIGTERM", "SIGINT"].forEach((signal) => process.once(signal, resolve)));
    await end();
  },
  async status() {
    const redis = connect(redisUrl);
    process.stdout.write(`${JSON.stringify(await counts(redis))}\n`);
    redis.disconnect();
  },
  async groups() {
    const records = await store();
    for (const { dumps, title, first, last, hosts, releases } of await records.groups())
      process.stdout.write(
        `${dumps}\t${title ?? "(no title)"}\t${day(first)} to ${day(last)}\t${hosts} hosts, ${releases} releases\n`,
      );
    for (const { path, failed } of await records.failed()) process.stdout.write(`failed\t${path}\t${failed}\n`);
    await records.close();
  },
};

/** @param {Date | null} time */
const day = (time) => time?.toISOString().slice(0, 10) ?? "?";

const chosen = Object.hasOwn(verbs, verb ?? "") ? verbs[/** @type {keyof typeof verbs} */ (verb)] : undefined;
if (!chosen) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else
  await chosen().catch((error) => {
    process.stderr.write(`vmcore-debug-fleet: ${error.message}\n`);
    process.exitCode = 1;
  });
