import { ImageWriter } from "./image.ts";

export interface FlatRecord {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A flattened file as `makedumpfile -F` writes it: records in big-endian, whatever the machine. */
export function flatFile(records: readonly FlatRecord[], end = true): Uint8Array {
  const out = new ImageWriter("big");
  out.put(0, "makedumpfile");
  out.u64(16, 1);
  out.u64(24, 1);
  let at = 4096;
  for (const { offset, bytes } of records) {
    out.u64(at, offset);
    out.u64(at + 8, bytes.length);
    out.put(at + 16, bytes);
    at += 16 + bytes.length;
  }
  if (end) {
    out.u64(at, -1);
    out.u64(at + 8, -1);
  }
  return out.done();
}

/** Cuts a file into records of `size` bytes, written in the order that `order` gives them. */
export function flattened(
  file: Uint8Array,
  size: number,
  order = (records: FlatRecord[]): FlatRecord[] => records,
): Uint8Array {
  const records: FlatRecord[] = [];
  for (let at = 0; at < file.length; at += size) records.push({ offset: at, bytes: file.subarray(at, at + size) });
  return flatFile(order(records));
}
