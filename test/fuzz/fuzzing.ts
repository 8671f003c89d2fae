/** Runs many damaged inputs through a parser: each must end in an answer or in a Fault, within time and memory. */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Fault } from "../../src/base/fault.ts";
import { random } from "../builders/image.ts";
import { stopwatch } from "../builders/stopwatch.ts";

/** FUZZ_ROUNDS=50 multiplies the inputs; FUZZ_SEED is the seed of the first one. */
export const rounds = Number(process.env["FUZZ_ROUNDS"] ?? 1);
export const firstSeed = Number(process.env["FUZZ_SEED"] ?? 0);
/** A file to which each target appends a line; inputs that fail are then written beside it, and the run continues. */
const report = process.env["FUZZ_REPORT"];
/** No input may take longer: an endless loop would. */
const CASE_MILLISECONDS = 2000;
const MEBIBYTES = 512;
/** Inputs that failed once, in a folder by target. */
const FAILURES = "test/fuzz/failures";

/** Gives a number from 0 up to its argument. */
export type Below = (limit: number) => number;

/** A parser with the inputs for it. */
export interface Target<T> {
  /** Number of inputs when FUZZ_ROUNDS is 1. */
  readonly cases: number;
  readonly make: (below: Below) => T;
  /** Reads the input. @returns whether it was accepted. @throws Fault; any other error is a failure */
  readonly read: (input: T, below: Below) => boolean | Promise<boolean>;
  /** The share of inputs that must be accepted, because damage that always kills tests the first lines only. */
  readonly accepted: number;
  /** Limits, where those of one parser do not fit: for one input in milliseconds, and for the process in MiB. */
  readonly limits?: { readonly milliseconds?: number; readonly mebibytes?: number };
}

/** Reads one input. @throws Error with the name of the input, if it fails */
async function readOne<T>(
  { read, limits }: Target<T>,
  input: T,
  name: string,
  below: Below,
): Promise<[boolean, number]> {
  const elapsed = stopwatch();
  let isAccepted = false;
  try {
    isAccepted = await read(input, below);
  } catch (error) {
    if (!(error instanceof Fault)) throw new Error(name, { cause: error });
  }
  const took = elapsed();
  assert.ok(took < (limits?.milliseconds ?? CASE_MILLISECONDS), `${name} took ${took} ms`);
  return [isAccepted, took];
}

/** Declares a test that reads the inputs of a target, and before them those that failed once. */
export function survives<T>(name: string, target: Target<T>): void {
  const count = target.cases * rounds;
  const slug = name.replace(/\W+/g, "-");
  test(`${name}: ${count} broken ones each end in an answer or a fault`, async () => {
    const known = join(FAILURES, slug);
    for (const file of existsSync(known) ? readdirSync(known) : [])
      await readOne(target, readFileSync(join(known, file)) as T, join(known, file), random(0));
    let [accepted, slowest, failed] = [0, 0, 0];
    for (let at = 0; at < count; at++) {
      // Node frees a zlib stream that failed only when the event loop turns, as it does between slices of a job.
      if (at % 100 === 0) await setImmediate();
      const seed = firstSeed + at;
      const below = random(seed);
      const input = target.make(below);
      try {
        const [isAccepted, took] = await readOne(target, input, `seed ${seed}`, below);
        if (isAccepted) accepted++;
        slowest = Math.max(slowest, took);
      } catch (error) {
        if (report === undefined) throw error;
        failed++;
        keep(`${slug}-${seed}`, input, error);
      }
    }
    const { maxRSS } = process.resourceUsage();
    if (report !== undefined)
      appendFileSync(report, `${JSON.stringify({ name, count, accepted, slowest: Math.round(slowest), maxRSS, failed })}\n`); // prettier-ignore
    assert.ok(accepted >= count * target.accepted, `only ${accepted} of ${count} were accepted`);
    assert.ok(maxRSS / 1024 < (target.limits?.mebibytes ?? MEBIBYTES), `took ${Math.round(maxRSS / 1024)} MiB`);
  });
}

/** Writes an input that failed, with its error, next to the report. */
function keep(name: string, input: unknown, error: unknown): void {
  const folder = join(report ?? "", "..", "failures");
  mkdirSync(folder, { recursive: true });
  if (input instanceof Uint8Array || typeof input === "string") writeFileSync(join(folder, name), input);
  const { stack = "", cause } = error as Error;
  writeFileSync(join(folder, `${name}.txt`), `${stack}\n${cause instanceof Error ? (cause.stack ?? "") : ""}\n`);
}
