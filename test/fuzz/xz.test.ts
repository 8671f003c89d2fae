/** Damaged xz files end in a fault or in what was packed, with little memory and time; both readers say the same. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { unxz, unxzStream } from "../../src/archive/xz.ts";
import { attempt, Fault } from "../../src/base/fault.ts";
import { toEnd } from "../../src/base/job.ts";
import { random } from "../builders/image.ts";
import { stopwatch } from "../builders/stopwatch.ts";
import { xz } from "../builders/xz.ts";
import { PACKED, TEXT } from "../builders/xzText.ts";
import { firstSeed, rounds } from "./fuzzing.ts";
import { mutated } from "./mutate.ts";

/** No case may take longer: an endless loop would. */
const CASE_MILLISECONDS = 1000;
const MOST = 1 << 20;

async function streamed(bytes: Uint8Array): Promise<Buffer | Fault> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of unxzStream(Readable.from([bytes]))) pieces.push(piece);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  return Buffer.concat(pieces);
}

/** @param isRight whether bytes that a damaged file is unpacked to are allowed */
async function survives(bytes: Uint8Array, name: string, isRight: (output: Buffer) => boolean): Promise<boolean> {
  const elapsed = stopwatch();
  const whole = attempt(() => Buffer.from(toEnd(unxz(bytes, MOST))));
  const piecewise = await streamed(bytes);
  if (whole instanceof Fault) assert.ok(piecewise instanceof Fault || isRight(piecewise), name);
  else assert.ok(isRight(whole) && !(piecewise instanceof Fault) && whole.equals(piecewise), name);
  assert.ok(elapsed() < CASE_MILLISECONDS, `${name} took ${elapsed()} ms`);
  return !(whole instanceof Fault);
}

test("a damaged file of two streams ends in a fault, or in what was packed in its streams", async () => {
  const file = Buffer.concat(Object.values(PACKED).flatMap((stream) => [stream, Buffer.alloc(8)]));
  const twice = Buffer.concat([TEXT, TEXT]);
  for (let seed = firstSeed; seed < firstSeed + 300 * rounds; seed++)
    await survives(mutated(file, random(seed)), `seed ${seed}`, (output) => output.equals(TEXT) || output.equals(twice) || output.length === 0); // prettier-ignore
});

test("damaged LZMA2 that no checksum betrays ends in a fault, or in as many bytes as the file says", async () => {
  const data = Object.values(PACKED).map((file) => file.subarray(24, 24 + (file.readUInt16BE(27) + 1 + 6) + 1));
  let opened = 0;
  for (let seed = firstSeed; seed < firstSeed + 600 * rounds; seed++) {
    const below = random(seed);
    const damaged = mutated(data[seed & 1] ?? data[0]!, below);
    const file = xz(TEXT, { data: damaged, dictionary: 0, isChecked: false });
    if (await survives(file, `seed ${seed}`, ({ length }) => length <= TEXT.length + (2 << 20))) opened++;
  }
  assert.ok(opened > 0, "no damage came as far as the last byte");
  assert.ok(process.resourceUsage().maxRSS < 512 * 1024, "took more than 512 MiB");
});
