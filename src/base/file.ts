import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Bytes at offsets: a dump, a vmlinux, a section of one, a buffer in a test. */
export interface RandomFile {
  /** For messages; the path as the user gave it. */
  readonly name: string;
  readonly size: number;
  /** Up to `length` bytes from `offset`; shorter only where the file ends. The result is the caller's own. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

/**
 * Opens a file read-only.
 * @throws NodeJS.ErrnoException when the file cannot be opened or is no regular file or block device
 */
export function openFile(path: string): RandomFile {
  const fd = openSync(path, "r");
  const stat = fstatSync(fd);
  if (stat.isDirectory()) {
    closeSync(fd);
    throw Object.assign(new Error(`${path}: is a directory`), { code: "EISDIR" });
  }
  let size = stat.size;
  return {
    name: path,
    get size() {
      return size;
    },
    read(offset, length) {
      if (!(offset >= 0) || !(length > 0)) return new Uint8Array(0);
      // /proc/kcore and block devices report size 0: there the reads themselves tell the end.
      const wanted = size > 0 ? Math.min(length, Math.max(0, size - offset)) : length;
      const bytes = new Uint8Array(wanted);
      let done = 0;
      while (done < wanted) {
        const count = readSync(fd, bytes, done, wanted - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return done === wanted ? bytes : bytes.subarray(0, done);
    },
    close() {
      size = 0;
      closeSync(fd);
    },
  };
}

/** A buffer as a file. */
export function bytesFile(name: string, bytes: Uint8Array): RandomFile {
  return {
    name,
    size: bytes.length,
    read: (offset, length) => bytes.slice(Math.max(0, offset), Math.max(0, offset) + Math.max(0, length)),
    close() {},
  };
}

/** A window of another file, such as one ELF section. */
export function sliceFile(file: RandomFile, offset: number, size: number): RandomFile {
  const length = Math.max(0, Math.min(size, file.size - offset));
  return {
    name: file.name,
    size: length,
    read: (at, count) => (at < 0 || at >= length ? new Uint8Array(0) : file.read(offset + at, Math.min(count, length - at))),
    close() {},
  };
}
