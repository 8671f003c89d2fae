/** Opens and reads files: the only functions below `session/` that touch the file system. */
import { closeSync, constants, createReadStream, fstatSync, openSync, readFileSync, readSync, type Stats, statSync } from "node:fs"; // prettier-ignore
import type { Readable } from "node:stream";
import { Fault } from "./fault.ts";
import { partitionPoint } from "./search.ts";
import { attemptSystem } from "./systemError.ts";

/** Bytes that can be read at any offset: a dump, a vmlinux, a section of one, a buffer in a test. */
export interface RandomFile {
  /** The path as the user gave it, for messages. */
  readonly name: string;
  readonly size: number;
  /** Returns up to `length` bytes from `offset`, fewer only at the end of the file. The caller may change the result. */
  read(offset: number, length: number): Uint8Array;
  /** Fills `target` from `offset`, so that scans do not allocate a result per read. @returns the number of bytes read */
  readInto?(target: Uint8Array, offset: number): number;
  close(): void;
}

/**
 * Opens a regular file, or a block device that a dump was written to, for reading. All files are opened here, because
 * the directory of a dump or a workspace may be hostile: opening or reading a FIFO, a terminal or a file of /proc
 * can wait forever.
 * @throws NodeJS.ErrnoException when the file cannot be opened or is neither
 */
function descriptorOf(path: string): { readonly fd: number; readonly stat: Stats } {
  // Checked before opening, because opening some devices has side effects; and again on what was opened.
  refuseUnlessFile(path, statSync(path));
  const fd = openSync(path, constants.O_RDONLY | NONBLOCK);
  try {
    const stat = fstatSync(fd);
    refuseUnlessFile(path, stat);
    return { fd, stat };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Whether a path names a directory; false for a path that cannot be looked at. */
export const isDirectory = (path: string): boolean => attemptSystem(() => statSync(path).isDirectory()) ?? false;

/** Windows has neither this flag nor such files. */
const NONBLOCK = (constants.O_NONBLOCK as number | undefined) ?? 0;

function refuseUnlessFile(path: string, stat: Stats): void {
  const refuse = (code: string, what: string): never => {
    throw Object.assign(new Error(`${path}: ${what}`), { code, path, syscall: "open" });
  };
  if (stat.isDirectory()) refuse("EISDIR", "is a directory");
  if (!stat.isFile() && !stat.isBlockDevice()) refuse("EINVAL", "is not a regular file or a block device");
}

/**
 * Returns the first bytes of a file, at most `most`.
 * @throws NodeJS.ErrnoException as `openFile`
 */
export function fileHead(path: string, most: number): Buffer {
  const { fd } = descriptorOf(path);
  try {
    const pieces: Buffer[] = [];
    for (let left = most; left > 0;) {
      const piece = Buffer.allocUnsafe(Math.min(left, 1 << 16));
      const count = readSync(fd, piece, 0, piece.length, null);
      if (count === 0) break;
      pieces.push(piece.subarray(0, count));
      left -= count;
    }
    return Buffer.concat(pieces);
  } finally {
    closeSync(fd);
  }
}

/**
 * Returns all bytes of a file.
 * @param most limit in bytes
 * @throws NodeJS.ErrnoException as `openFile`; with code "EFBIG" for a larger file
 */
export function wholeFile(path: string, most: number): Buffer {
  const bytes = fileHead(path, most + 1);
  if (bytes.length <= most) return bytes;
  throw Object.assign(new Error(`${path}: has more than ${most} bytes`), { code: "EFBIG", path, syscall: "read" });
}

/**
 * Returns part of a file as a stream, which closes the file when it ends.
 * @throws NodeJS.ErrnoException as `openFile`
 */
export function fileStream(
  path: string,
  offset: number,
  size: number,
  highWaterMark: number,
): Readable & { readonly bytesRead: number } {
  const { fd } = descriptorOf(path);
  return createReadStream(path, { fd, start: offset, end: offset + size - 1, highWaterMark });
}

/**
 * Returns the text of an input that the user named, which may be a pipe; 0 is standard input.
 * @throws NodeJS.ErrnoException
 */
export function inputText(path: string | 0): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // Errors after opening, for example for a directory, do not name the file.
    throw error instanceof Error && path !== 0 ? Object.assign(error, { path }) : error;
  }
}

/**
 * Returns a position for `readSync`, which refuses numbers of more than 53 bits: /proc/kcore has such offsets on machines
 * with five-level page tables.
 */
const positionOf = (offset: number, done: number): number | bigint =>
  offset + done <= Number.MAX_SAFE_INTEGER ? offset + done : BigInt(offset) + BigInt(done);

/**
 * Reads bytes until the target is full or the file ends.
 * @param boundary number of bytes at whose multiples a read must end
 * @returns the number of bytes
 */
function fill(fd: number, target: Uint8Array, offset: number, boundary = Infinity): number {
  let done = 0;
  while (done < target.length) {
    const most = boundary - ((offset + done) % boundary);
    const count = readSync(fd, target, done, Math.min(most, target.length - done), positionOf(offset, done));
    if (count === 0) break;
    done += count;
  }
  return done;
}

/**
 * Opens a file read-only.
 * @throws NodeJS.ErrnoException when the file cannot be opened or is not a regular file or a block device
 */
export function openFile(path: string): RandomFile {
  const { fd, stat } = descriptorOf(path);
  const size = stat.size > 0 ? stat.size : endOf(fd);
  return {
    name: path,
    size,
    read(offset, length) {
      if (!(offset >= 0) || !(length > 0)) return new Uint8Array(0);
      // The buffer is not filled with zeros first, because that would take half of the time to read a page.
      const { buffer } = Buffer.allocUnsafeSlow(Math.min(length, Math.max(0, size - offset)));
      const bytes = new Uint8Array(buffer);
      const done = fill(fd, bytes, offset);
      return done === bytes.length ? bytes : bytes.subarray(0, done);
    },
    readInto: (target, offset) => (offset >= 0 ? fill(fd, target, offset) : 0),
    close: () => closeSync(fd),
  };
}

/** Number of bytes at whose multiples a read of a device ends: /dev/crash refuses to read across a page. */
const DEVICE_PAGE_BYTES = 4096;

/**
 * Opens a device of memory, whose offsets are physical addresses, read-only. It has no size of its own.
 * @param size offset behind the last byte that is read
 * @throws NodeJS.ErrnoException when it cannot be opened, or is neither a character device nor a regular file
 */
export function openDevice(path: string, size: number): RandomFile {
  const stat = statSync(path);
  if (!stat.isCharacterDevice()) refuseUnlessFile(path, stat);
  const fd = openSync(path, constants.O_RDONLY | NONBLOCK);
  return {
    name: path,
    size,
    read(offset, length) {
      const bytes = new Uint8Array(offset >= 0 && length > 0 ? Math.max(0, Math.min(length, size - offset)) : 0);
      return bytes.subarray(0, fill(fd, bytes, offset, DEVICE_PAGE_BYTES));
    },
    close: () => closeSync(fd),
  };
}

/** Finds the size of a file that reports none, such as a block device: the first offset at which nothing can be read. */
function endOf(fd: number): number {
  const byte = new Uint8Array(1);
  const isWithin = (at: number): boolean => readSync(fd, byte, 0, 1, at) > 0;
  if (!isWithin(0)) return 0;
  let within = 0;
  let beyond = 1;
  while (beyond < Number.MAX_SAFE_INTEGER && isWithin(beyond)) [within, beyond] = [beyond, beyond * 2];
  return partitionPoint(beyond, isWithin, within + 1);
}

/** Presents a buffer as a file. */
export function bytesFile(name: string, bytes: Uint8Array): RandomFile {
  return {
    name,
    size: bytes.length,
    // A copy; `slice()` of a Buffer would share its memory.
    read: (offset, length) =>
      new Uint8Array(bytes.subarray(Math.max(0, offset), Math.max(0, offset) + Math.max(0, length))),
    readInto(target, offset) {
      const part = bytes.subarray(Math.max(0, offset), Math.max(0, offset) + target.length);
      target.set(part);
      return part.length;
    },
    close() {},
  };
}

/** Presents a range of another file, such as one ELF section, as a file. */
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

/**
 * Returns `length` bytes from `offset`, fewer at the end of the file; a Fault when the disk fails. @param target a
 * buffer of `length` bytes to use, if the file can fill one
 */
export function readBytes(
  file: RandomFile,
  offset: number,
  length: number,
  target?: () => Uint8Array,
): Uint8Array | Fault {
  try {
    if (!target || !file.readInto) return file.read(offset, length);
    const bytes = target();
    const count = file.readInto(bytes, offset);
    return count === length ? bytes : bytes.subarray(0, count);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return Fault.of("truncated", `${file.name} cannot be read at offset ${offset} (${String(error.code)})`);
  }
}
