/**
 * Stands in for `../fuzzing.ts` in the bundles of `scripts/fuzzGuided.mjs`: collects the targets of a test file, so that
 * jazzer.js can choose the inputs by the code that they reach.
 */
import { bytesFile, type RandomFile } from "../../../src/base/file.ts";
import { Fault } from "../../../src/base/fault.ts";
import { random } from "../../builders/image.ts";
import type { Below, Target } from "../fuzzing.ts";

export type { Below };
export const rounds = 1;
export const firstSeed = 0;

const LARGEST = 1 << 20;
const SEEDS = 40;

/** Converts inputs of a target to bytes, which are all that jazzer.js changes, and back. */
interface Form<T> {
  of(input: T): Uint8Array;
  from(bytes: Uint8Array): T;
}

const asBytes: Form<Uint8Array> = { of: (input) => input, from: (bytes) => Uint8Array.from(bytes) };
const asText: Form<string> = { of: (input) => Buffer.from(input), from: (bytes) => Buffer.from(bytes).toString() };
const asFile: Form<readonly RandomFile[]> = {
  of: ([file]) => file!.read(0, file!.size),
  from: (bytes) => [bytesFile("input", Uint8Array.from(bytes))],
};

/** Returns how inputs like this one are made of bytes; undefined if they are not (requests, sets of files). */
function formOf(input: unknown): Form<unknown> | undefined {
  if (input instanceof Uint8Array) return asBytes;
  if (typeof input === "string") return asText;
  if (!Array.isArray(input) || input.length !== 1) return undefined;
  const { read, size } = input[0] as Partial<RandomFile>;
  return typeof read === "function" && size !== undefined && size <= LARGEST ? asFile : undefined;
}

interface Guided {
  readonly name: string;
  /** Inputs to begin with. */
  seeds(): Uint8Array[];
  read(bytes: Uint8Array): Promise<void>;
}

/** The targets of the test file whose inputs are bytes. */
export const targets: Guided[] = [];

export function survives<T>(name: string, { make, read }: Target<T>): void {
  const form = formOf(make(random(0))) as Form<T> | undefined;
  if (form === undefined) return;
  targets.push({
    name,
    seeds: () => Array.from({ length: SEEDS }, (_, seed) => form.of(make(random(seed)))),
    read: async (bytes) => {
      try {
        await read(form.from(bytes), random(0));
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
    },
  });
}

/** What jazzer.js calls, for the target whose number is in the environment. */
export function fuzz(bytes: Uint8Array): Promise<void> {
  return targets[Number(process.env["FUZZ_TARGET"])]!.read(bytes);
}
