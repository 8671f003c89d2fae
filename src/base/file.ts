import { closeSync, openSync, readSync, statSync } from "node:fs";
import { Fault } from "./fault.ts";

/** Bytes at offsets: a dump, a vmlinux, a section of one, a buffer in a test. */
export interface RandomFile {
  /** For messages; the path as the user gave it. */
  readonly name: string;
  readonly size: number;
  /** Up to `length` bytes from `offset`; shorter only where the file ends. The result is the caller's own. */
  read(offset: number, length: number): Uint8Array;
  /** Fills `target` from `offset`: for scans, which spare the memory of a result for each read. @returns bytes read */
  readInto?(target: Uint8Array, offset: number): number;
  close(): void;
}

/**
 * Opens a file read-only.
 * @throws NodeJS.ErrnoException when the file cannot be opened or is no regular file or block device
 */
export function openFile(path: string): RandomFile {
  // Asked before it is opened: opening a pipe waits for whoever writes to it.
  const stat = statSync(path);
  if (stat.isDirectory()) throw Object.assign(new Error(`${path}: is a directory`), { code: "EISDIR" });
  if (!stat.isFile() && !stat.isBlockDevice()) {
    throw Object.assign(new Error(`${path}: is no regular file or block device`), { code: "EINVAL" });
  }
  const fd = openSync(path, "r");
  const size = stat.size > 0 ? stat.size : endOf(fd);
  const fill = (bytes: Uint8Array, offset: number): number => {
    let done = 0;
    while (done < bytes.length) {
      const count = readSync(fd, bytes, done, bytes.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  };
  return {
    name: path,
    size,
    read(offset, length) {
      if (!(offset >= 0) || !(length > 0)) return new Uint8Array(0);
      const bytes = new Uint8Array(Math.min(length, Math.max(0, size - offset)));
      const done = fill(bytes, offset);
      return done === bytes.length ? bytes : bytes.subarray(0, done);
    },
    readInto: (target, offset) => (offset >= 0 ? fill(target, offset) : 0),
    close: () => closeSync(fd),
  };
}

/** The size of what does not tell its size, a block device above all: where reading begins to give nothing. */
function endOf(fd: number): number {
  const byte = new Uint8Array(1);
  const isWithin = (at: number): boolean => readSync(fd, byte, 0, 1, at) > 0;
  if (!isWithin(0)) return 0;
  let within = 0;
  let beyond = 1;
  while (beyond < Number.MAX_SAFE_INTEGER && isWithin(beyond)) [within, beyond] = [beyond, beyond * 2];
  while (beyond - within > 1) {
    const middle = within + Math.floor((beyond - within) / 2);
    if (isWithin(middle)) within = middle;
    else beyond = middle;
  }
  return beyond;
}

/** A buffer as a file. */
export function bytesFile(name: string, bytes: Uint8Array): RandomFile {
  return {
    name,
    size: bytes.length,
    // Not slice(), which for a Buffer is no copy.
    read: (offset, length) =>
      new Uint8Array(bytes.subarray(Math.max(0, offset), Math.max(0, offset) + Math.max(0, length))),
    close() {},
  };
}

/** A window of another file, such as one ELF section. */
export function sliceFile(file: RandomFile, offset: number, size: number): RandomFile {
  const length = Math.max(0, Math.min(size, file.size - offset));
  return {
    name: file.name,
    size: length,
    read: (at, count) =>
      at < 0 || at >= length ? new Uint8Array(0) : file.read(offset + at, Math.min(count, length - at)),
    close() {},
  };
}

/** `length` bytes from `offset`, fewer where the file ends; a disk that fails is an answer too, not an exception. */
export function readBytes(file: RandomFile, offset: number, length: number): Uint8Array | Fault {
  try {
    return file.read(offset, length);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return Fault.of("truncated", `${file.name} cannot be read at offset ${offset} (${String(error.code)})`);
  }
}
