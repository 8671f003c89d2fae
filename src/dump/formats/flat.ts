/** Reads flattened dumps as if they had been restored. */
import { cString, viewOf } from "../../base/bytes.ts";
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { lastStart, topmost } from "../../base/intervals.ts";

const SIGNATURE = "makedumpfile";
/** Padded size of struct makedumpfile_header (makedumpfile's makedumpfile.h, MAX_SIZE_MDF_HEADER). */
const HEADER_BYTES = 4096;
/** Size of struct makedumpfile_data_header: offset and size of the bytes that follow, big-endian on every machine. */
const RECORD_BYTES = 16;
/** Number of bytes read at once while following the records, so that many small records are found in one read. */
const WINDOW = 1 << 16;
/** Maximum number of records, because a damaged file must not fill memory: one terabyte in records of 64 KiB. */
const MAX_RECORDS = 1 << 24;

export const isFlat = (head: Uint8Array): boolean => cString(head.subarray(0, 16)) === SIGNATURE;

/**
 * Presents the file that `makedumpfile -R` would restore from a flattened one. Each record gives the offset of its
 * bytes. A later record overwrites an earlier one, because makedumpfile writes the headers again when the dump is
 * complete.
 * @param limit maximum number of records
 * @throws Fault "corrupt" if there is no record, or too many
 */
export function unflattened(file: RandomFile, limit = MAX_RECORDS): RandomFile {
  const { starts, ends, places } = records(file, limit);
  const runs = topmost(starts, ends);
  const size = runs.ends.at(-1);
  if (size === undefined) throw Fault.of("corrupt", `${file.name}: the flattened dump has no records`);
  return {
    name: file.name,
    size,
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      const end = offset + bytes.length;
      // Gaps between records read as zero, as lseek leaves them.
      for (let run = Math.max(0, lastStart(runs, offset)); (runs.starts[run] ?? Infinity) < end; run++) {
        const source = runs.sources[run] ?? 0;
        const from = Math.max(offset, runs.starts[run] ?? 0);
        const count = Math.min(end, runs.ends[run] ?? 0) - from;
        if (count <= 0) continue;
        const part = file.read((places[source] ?? 0) + from - (starts[source] ?? 0), count);
        bytes.set(part, from - offset);
        if (part.length < count) return bytes.subarray(0, from - offset + part.length);
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

/**
 * Returns, for each record, the offset of its bytes in the restored and in the flattened file. Ends at the end mark, at
 * a damaged record or at the end of the file.
 */
function records(file: RandomFile, limit: number): { starts: number[]; ends: number[]; places: number[] } {
  const [starts, ends, places]: [number[], number[], number[]] = [[], [], []];
  let window = viewOf(new Uint8Array(0));
  let windowAt = 0;
  for (let at = HEADER_BYTES; ;) {
    if (at + RECORD_BYTES > windowAt + window.byteLength) {
      window = viewOf(orThrow(readBytes(file, at, WINDOW)));
      windowAt = at;
      if (window.byteLength < RECORD_BYTES) break;
    }
    const offset = Number(window.getBigInt64(at - windowAt, false));
    const size = Number(window.getBigInt64(at - windowAt + 8, false));
    if (offset < 0 || size <= 0 || !Number.isSafeInteger(offset + size)) break;
    if (starts.length === limit)
      throw Fault.of("corrupt", `${file.name}: more than ${limit} records: restore the dump with makedumpfile -R`);
    const place = at + RECORD_BYTES;
    starts.push(offset);
    // A record that is cut off by the end of the file still has its full size in its header.
    ends.push(offset + size);
    places.push(place);
    at = place + size;
  }
  return { starts, ends, places };
}
