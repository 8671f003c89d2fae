/** Streams a part of a file, unpacked if it is packed with xz, zstd or gzip. */
import { statSync } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Fault } from "../base/fault.ts";
import { Budget } from "../base/budget.ts";
import { openFile, fileStream } from "../base/file.ts";
import { Cancelled } from "../base/job.ts";
import { type Packing, packingOf } from "../base/packing.ts";
import { isSystemError } from "../base/systemError.ts";
import { unxzStream } from "./xz.ts";

/** Options for reading a large packed file. */
export interface UnpackOptions {
  readonly signal?: AbortSignal | undefined;
  /** Receives progress in bytes of the packed file. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** The session's budget. Default: a new budget. */
  readonly budget?: Budget | undefined;
}

const CHUNK = 1 << 20;
/** Maximum time in milliseconds that the event loop may be blocked. */
const SLICE_MS = 15;

const UNPACKERS: Partial<Readonly<Record<Packing, (source: Readable) => AsyncIterable<Uint8Array>>>> = {
  zstd: (source) => pipeline(source, createZstdDecompress(), () => {}),
  gzip: (source) => pipeline(source, createGunzip(), () => {}),
  xz: unxzStream,
};

/**
 * Yields the bytes of a part of a file, unpacked if they are packed with xz, zstd or gzip.
 * @throws Fault corrupt if the data cannot be unpacked; Cancelled; NodeJS.ErrnoException
 */
export async function* unpacked(
  path: string,
  { offset = 0, size = statSync(path).size - offset }: { readonly offset?: number; readonly size?: number },
  { signal, onProgress, budget = new Budget() }: UnpackOptions,
): AsyncGenerator<Uint8Array> {
  if (size <= 0) return;
  const file = openFile(path);
  const bytes = file.read(offset, 8);
  const packing = packingOf(bytes);
  file.close();
  const source = fileStream(path, offset, size, CHUNK);
  const unpack = packing && UNPACKERS[packing];
  let sliceEnd = performance.now() + SLICE_MS;
  let since = performance.now();
  try {
    for await (const chunk of unpack?.(source) ?? (source as AsyncIterable<Uint8Array>)) {
      if (signal?.aborted) throw new Cancelled();
      budget.pass(chunk.length, performance.now() - since, path);
      yield chunk;
      // The time that the consumer takes, for example to ask the user, does not count as unpacking.
      since = performance.now();
      if (performance.now() < sliceEnd) continue;
      onProgress?.(source.bytesRead, size);
      await setImmediate();
      sliceEnd = performance.now() + SLICE_MS;
    }
  } catch (error) {
    if (error instanceof Fault || error instanceof Cancelled || isSystemError(error)) throw error;
    throw Fault.of("corrupt", `${path} cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    source.destroy();
  }
}
