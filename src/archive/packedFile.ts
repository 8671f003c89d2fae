/** Opens files that may be packed with gzip, zstd or xz, by unpacking them in memory. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Budget } from "../base/budget.ts";
import { Fault } from "../base/fault.ts";
import { bytesFile, openFile, type RandomFile } from "../base/file.ts";
import { toEnd } from "../base/job.ts";
import { packingOf } from "../base/packing.ts";
import { unxz } from "./xz.ts";

/** Unpacks `bytes`. Yields where the caller may pause. @param room limit of memory in bytes */
type Unpack = (bytes: Buffer, room: number) => Generator<void, Uint8Array, void>;

function unpackerOf(head: Uint8Array): Unpack | undefined {
  switch (packingOf(head)) {
    case "xz":
      return (bytes, room) => unxz(bytes, room);
    case "gzip":
      return atOnce(gunzipSync, (bytes) => bytes.readUInt32LE(bytes.length - 4));
    case "zstd":
      return atOnce(zstdDecompressSync, zstdSize);
    default:
      return undefined;
  }
}

/**
 * Returns an `Unpack` that unpacks into one buffer of the size that the file states. Without the right size zlib
 * collects pieces and then copies them, so only half of `room` is used if the size is absent or wrong.
 * @param sizeOf returns the unpacked size in bytes, undefined if the file does not state it
 */
const atOnce = (
  unpack: (bytes: Uint8Array, options: { maxOutputLength: number; chunkSize: number }) => Uint8Array,
  sizeOf: (bytes: Buffer) => number | undefined,
): Unpack =>
  function* (bytes, room) {
    yield;
    const size = sizeOf(bytes) ?? Infinity;
    const unpackUpTo = (maxOutputLength: number, chunkSize = MIN_CHUNK): Uint8Array | undefined => {
      try {
        return unpack(bytes, { maxOutputLength, chunkSize: Math.max(chunkSize, MIN_CHUNK) });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
        throw error;
      }
    };
    const unpacked = (size <= room ? unpackUpTo(size, size) : undefined) ?? unpackUpTo(Math.floor(room / 2));
    if (!unpacked) throw tooLarge(room);
    return unpacked;
  };

/** The smallest chunk in bytes that zlib is called with, and the size of chunks if the unpacked size is not known. */
const MIN_CHUNK = 1 << 16;

const tooLarge = (room: number): Fault =>
  Fault.of("unknown", `is too large to be unpacked in memory: it needs more than the ${room} bytes that are left`);

/** Returns Frame_Content_Size of the first frame in bytes (RFC 8878, 3.1.1.1); undefined if it is absent. */
function zstdSize(bytes: Buffer): number | undefined {
  const descriptor = bytes[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const length = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  if (length === 0 || at + length > bytes.length) return undefined;
  if (length === 8) return Number(bytes.readBigUInt64LE(at));
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}

/** A file, unpacked if it was packed. */
export interface PackedFile {
  readonly file: RandomFile;
  /** The unpacked contents in memory; undefined if the file was not packed. */
  readonly unpacked: Uint8Array | undefined;
}

/**
 * Opens a file; if it is packed with gzip, zstd or xz, unpacks it in memory. Closing the file returns the memory to the
 * budget. Yields where the caller may pause.
 * @throws Fault unknown if it is too large or packed in an unsupported way, corrupt if it is damaged;
 *   NodeJS.ErrnoException as `openFile`
 */
export function* openingPacked(path: string, budget: Budget): Generator<void, PackedFile, void> {
  const file = openFile(path);
  const unpack = unpackerOf(file.read(0, 8));
  if (!unpack) return { file, unpacked: undefined };
  try {
    if (file.size > budget.room) throw tooLarge(budget.room);
    const releasePacked = budget.hold(file.size);
    try {
      const unpacked = yield* unpack(Buffer.from(file.read(0, file.size).buffer), budget.room);
      const close = budget.hold(unpacked.length);
      return { file: { ...bytesFile(path, unpacked), close }, unpacked };
    } finally {
      releasePacked();
    }
  } catch (error) {
    throw asFault(error);
  } finally {
    file.close();
  }
}

/**
 * Unpacks bytes that are packed with gzip, zstd or xz. Yields where the caller may pause.
 * @param most limit of the unpacked size in bytes
 * @throws Fault unknown if they are packed in an unsupported way, corrupt if they are damaged or unpack to more
 */
export function* unpackBytes(packed: Uint8Array, most: number): Generator<void, Uint8Array, void> {
  const unpack = unpackerOf(packed);
  if (!unpack) throw Fault.of("unknown", "is packed in an unsupported way");
  try {
    return yield* unpack(Buffer.from(packed.buffer, packed.byteOffset, packed.length), most);
  } catch (error) {
    throw asFault(error);
  }
}

const asFault = (error: unknown): Fault =>
  error instanceof Fault && error.kind === "unknown"
    ? error
    : Fault.of("corrupt", `cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);

/** Runs `openingPacked` without pauses. */
export const openPacked = (path: string, budget: Budget): RandomFile => toEnd(openingPacked(path, budget)).file;
