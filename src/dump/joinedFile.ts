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
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      for (let done = 0; done < bytes.length;) {
        const index = lastAtOrBelow(starts, offset + done);
        const file = files[index];
        const at = offset + done - (starts[index] ?? 0);
        if (file === undefined) return bytes.subarray(0, done);
        const part = file.read(at, Math.min(bytes.length - done, file.size - at));
        if (part.length === 0) return bytes.subarray(0, done);
        bytes.set(part, done);
        done += part.length;
      }
      return bytes;
    },
    close: () => files.forEach((file) => file.close()),
  };
}
