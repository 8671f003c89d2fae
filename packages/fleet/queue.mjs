// The queue of dumps: a BullMQ queue on Redis or Valkey.
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

const NAME = "vmcore-debug";
/** A job whose worker has not renewed its lock for so long is given to another worker: milliseconds. */
const LOCK_MS = Number(process.env.FLEET_LOCK_MS ?? 30_000);
/** How often a worker that was killed can take the same dump before the job fails. */
const DELIVERIES = 3;

/** Connects to Redis. Commands wait while it restarts. @param {string} url */
export const connect = (url) =>
  new Redis(url, { maxRetriesPerRequest: null, retryStrategy: (n) => Math.min(n * 200, 2000) });

/** Returns a sentence for each setting of Redis that can lose jobs. @param {Redis} redis */
export async function doubts(redis) {
  const wanted = [
    ["appendonly", "yes"],
    ["appendfsync", "always"],
    ["maxmemory-policy", "noeviction"],
  ];
  const found = await Promise.all(
    wanted.map(async ([name = "", value]) => {
      const [, set] = /** @type {string[]} */ (await redis.config("GET", name).catch(() => []));
      return set === undefined || set === value
        ? []
        : [`Redis has ${name} ${set}: with ${name} ${value} it loses no job`];
    }),
  );
  return found.flat();
}

/** A dump to record. @typedef {{ path: string, full: boolean }} Dump */

/** Returns the files of paths: dumps, and all files below directories. @param {string[]} paths @returns {Generator<string>} */
export function* files(paths) {
  for (const path of paths) {
    const isFolder = statSync(path).isDirectory();
    if (!isFolder) yield resolve(path);
    else yield* files(readdirSync(path).sort().map((name) => join(path, name))); // prettier-ignore
  }
}

/**
 * Returns the id of a job: one file, as it is now, is one job. The record key is known only after the dump is read; a
 * dump under two names gives two jobs and one record. @param {Dump} dump
 */
export function jobId({ path, full }) {
  const { size, mtimeMs } = statSync(path);
  return createHash("sha256").update(`${path}\0${size}\0${mtimeMs}\0${full}`).digest("hex");
}

/** Adds dumps. One that is in the queue already is not added again. @param {Redis} redis @param {Iterable<Dump>} dumps */
export async function add(redis, dumps) {
  const queue = new Queue(NAME, { connection: redis });
  let count = 0;
  for (const dump of dumps) {
    const options = { jobId: jobId(dump), attempts: DELIVERIES, backoff: 1000, removeOnComplete: { age: 86_400 } };
    await queue.add("record", dump, options);
    count++;
  }
  await queue.close();
  return count;
}

/** Returns how many jobs are in each state. @param {Redis} redis */
export async function counts(redis) {
  const queue = new Queue(NAME, { connection: redis });
  const found = await queue.getJobCounts("waiting", "active", "delayed", "completed", "failed");
  await queue.close();
  return found;
}

/**
 * Works on jobs until it is closed; `close()` waits for the jobs that are being done.
 * @param {Redis} redis @param {number} concurrency @param {(dump: Dump) => Promise<void>} record
 */
export function work(redis, concurrency, record) {
  const worker = new Worker(NAME, async ({ data }) => record(data), {
    connection: redis,
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: Math.ceil(LOCK_MS / 3),
    maxStalledCount: DELIVERIES,
  });
  worker.on("error", (error) => process.stderr.write(`vmcore-debug-fleet: ${error.message}\n`));
  worker.on("failed", (job, error) =>
    process.stderr.write(`vmcore-debug-fleet: ${job?.data.path}: ${error.message}\n`),
  );
  return worker;
}
