/** The verb `triage`: records many dumps and groups them by bug. */
import { createInterface } from "node:readline";
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { toEnd } from "../../base/job.ts";
import { printable, printableJson } from "../../base/printable.ts";
import { isSystemError } from "../../base/systemError.ts";
import { UsageError } from "../../base/usageError.ts";
import { type Group, groupLines, groupsOf, triagePage } from "../../crash/triage/groups.ts";
import type { TriageRecord } from "../../crash/triage/triageRecord.ts";
import { placesOf } from "../../session/find/debuginfoPlaces.ts";
import { OpenError } from "../../session/open/openError.ts";
import { indexDirectory } from "../../session/open/indexCache.ts";
import { dumpFiles } from "../../session/triage/dumpFiles.ts";
import { recordingDump } from "../../session/triage/recordDump.ts";
import { writeDocument } from "../documentFile.ts";
import { EXIT_ANSWERED, EXIT_CANCELLED, EXIT_FAILED, EXIT_OPEN, EXIT_USAGE } from "../exit.ts";
import { ownOptions } from "../ownOptions.ts";
import { systemReason } from "../systemReason.ts";
import { reportError } from "../terminal.ts";
import { openStore, type Store } from "./store.ts";
import { recordAll } from "./workers.ts";

const OWN = {
  jobs: true,
  json: false,
  full: false,
  redact: false,
  db: true,
  shard: true,
  output: true,
  worker: false,
} as const;

/**
 * Runs `vmcore-debug triage PATH... [--jobs N] [--json] [--full] [--redact] [--db FILE] [--shard I/N] [-o FILE]`.
 * @returns the exit status
 */
export async function triage(argv: readonly string[]): Promise<number> {
  try {
    const { own, rest } = ownOptions(argv, OWN);
    const wrong = rest.find((word) => word.startsWith("-"));
    if (wrong !== undefined) throw new UsageError(`triage has no option ${wrong}; see "vmcore-debug --help"`);
    if (own.has("worker")) return await work(own.has("full"), own.has("redact"));
    return await record(own, rest);
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof OpenError) && !isSystemError(error)) throw error;
    reportError(error);
    return error instanceof UsageError ? EXIT_USAGE : error instanceof OpenError ? EXIT_OPEN : EXIT_FAILED;
  }
}

async function record(own: ReadonlyMap<string, readonly string[]>, paths: readonly string[]): Promise<number> {
  const value = (name: keyof typeof OWN): string | undefined => own.get(name)?.at(-1);
  const [database, output] = [value("db"), value("output")];
  if (paths.length === 0 && database === undefined)
    throw new UsageError("triage needs a PATH: a dump or a directory of dumps; or --db FILE, to print its groups");
  for (const path of paths) checkPath(path);
  const files = shard(dumpFiles(paths), value("shard"));
  const jobs = jobCount(value("jobs"));
  const store = database === undefined ? undefined : await openStore(database);
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  process.on("SIGINT", cancel);
  process.on("SIGTERM", cancel);
  try {
    const isJson = own.has("json");
    const records = new Map<string, TriageRecord>();
    await recordAll(
      files,
      { jobs, options: (["full", "redact"] as const).filter((name) => own.has(name)).map((name) => `--${name}`) },
      abort.signal,
      (one) => {
        store?.put(one);
        records.set(one.key, one);
        if (isJson) process.stdout.write(`${printableJson(JSON.stringify(one))}\n`);
      },
    );
    // Without a path, the database is printed.
    if (isJson && paths.length === 0)
      for (const one of store?.all() ?? []) process.stdout.write(`${printableJson(JSON.stringify(one))}\n`);
    await show(groupsOf(recordsOf(store, records)), output, isJson);
    return abort.signal.aborted ? EXIT_CANCELLED : EXIT_ANSWERED;
  } finally {
    process.off("SIGINT", cancel);
    process.off("SIGTERM", cancel);
    store?.close();
  }
}

/** Checks that a named path exists, before anything is written. @throws OpenError */
function checkPath(path: string): void {
  try {
    statSync(path);
  } catch (error) {
    throw isSystemError(error) ? new OpenError(`${path}: ${systemReason(error)}`) : error;
  }
}

/** Returns the records of the database, those of earlier runs among them; without one, those of this run. */
const recordsOf = (store: Store | undefined, records: ReadonlyMap<string, TriageRecord>): Iterable<TriageRecord> =>
  store ? store.all() : records.values();

async function show(groups: readonly Group[], output: string | undefined, isJson: boolean): Promise<void> {
  if (output !== undefined) await writeDocument(output, triagePage(groups));
  if (!isJson) process.stdout.write(`${groupLines(groups).map(printable).join("\n")}\n`);
}

/** Records the dumps whose paths are on standard input, each a line of JSON, and prints a record for each. */
async function work(isFull: boolean, redact: boolean): Promise<number> {
  for await (const line of createInterface({ input: process.stdin })) {
    const path = JSON.parse(line) as string;
    const search = isFull ? { search: placesOf([path], [], process.env), indexes: indexDirectory(process.env) } : {};
    const before = process.cpuUsage();
    const one = toEnd(recordingDump(path, isFull, { ...search, redact }));
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(`${JSON.stringify({ ...one, cpuMs: Math.round((user + system) / 1000) })}\n`);
  }
  return EXIT_ANSWERED;
}

function jobCount(text: string | undefined): number {
  const jobs = text === undefined ? availableParallelism() : Number(text);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 1024) throw new UsageError(`--jobs ${text}: not a number from 1 to 1024`); // prettier-ignore
  return jobs;
}

/** Returns the files of one shard: I/N is each Nth file beginning with the Ith, counted from 0. */
function shard(files: Iterable<string>, text: string | undefined): Iterator<string> {
  const [, i = "0", n = "1"] = /^(\d{1,9})\/(\d{1,9})$/.exec(text ?? "0/1") ?? [, "", ""];
  const [index, count] = [Number(i), Number(n)];
  if (i === "" || index >= count) throw new UsageError(`--shard ${text}: not I/N with I from 0 to N-1`);
  return everyNth(files, index, count);
}

function* everyNth(files: Iterable<string>, first: number, step: number): Generator<string, void> {
  let at = 0;
  for (const file of files) if (at++ % step === first) yield file;
}
