/** Several files as one. */
import type { RandomFile } from "../base/file.ts";
import { lastAtOrBelow } from "../base/search.ts";

/** Presents files as one file, in the given order. */
export function joinedFile(files: readonly RandomFile[]): RandomFile {
  const starts = new Float64Array(files.length);
  let size = 0;
  files.forEach((file, i) => {
    starts[i] = size;
    size += file.size;
  });
  return {
    name: files[0]?.name ?? "",
    size,
    read(offset, length) {
      return readParts(starts, offset, Math.min(length, size - offset), (index, from, count) => {
        const file = files[index];
        return file?.read(from, Math.min(count, file.size - from));
      });
    },
    close: () => files.forEach((file) => file.close()),
  };
}

/**
 * Reads bytes that lie in several parts one after another. @param starts ascending offsets of the parts @param part
 * reads up to `count` bytes of a part from the offset `from` in it @returns fewer bytes than `length` if a part has no
 * more
 */
export function readParts(
  starts: Float64Array,
  offset: number,
  length: number,
  part: (index: number, from: number, count: number) => Uint8Array | undefined,
): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, length));
  for (let done = 0; done < bytes.length;) {
    const index = lastAtOrBelow(starts, offset + done);
    const found = index < 0 ? undefined : part(index, offset + done - (starts[index] ?? 0), bytes.length - done);
    if (found === undefined || found.length === 0) return bytes.subarray(0, done);
    bytes.set(found, done);
    done += found.length;
  }
  return bytes;
}
