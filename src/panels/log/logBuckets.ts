/** How many messages a log has at each time, and how severe they are. It does not use the DOM. */
import { isHeading, type LogLine, type RowNumber } from "./logLines.ts";

/** A stretch of time. */
export interface Bucket {
  /** The number of rows. */
  readonly count: number;
  /** The level of the most severe row, 0 to 7. */
  readonly worst: number;
  /** The first row, or that of the next stretch with rows. */
  readonly row: number;
}

export interface LogSpread {
  /** Seconds since boot. */
  readonly first: number;
  readonly last: number;
  /** Stretches of equal length, which together reach from `first` to `last`. */
  readonly buckets: readonly Bucket[];
}

/** Level of lines that have none: information, so that they are not drawn as warnings. */
const DEFAULT_LEVEL = 6;

/** Counts the rows of a log by time. Undefined if there are not two different times. @param count number of stretches */
export function spreadOf(
  lines: readonly LogLine[],
  entries: readonly RowNumber[],
  count: number,
): LogSpread | undefined {
  let [first, last] = [Infinity, -Infinity];
  for (let row = 0; row < entries.length; row++) {
    const seconds = timeOf(lines, entries[row]);
    if (seconds === undefined) continue;
    first = Math.min(first, seconds);
    last = Math.max(last, seconds);
  }
  if (!(last > first)) return undefined;
  const buckets = Array.from({ length: count }, () => ({ count: 0, worst: 7, row: -1 }));
  for (let row = 0; row < entries.length; row++) {
    const entry = entries[row];
    const seconds = timeOf(lines, entry);
    const bucket = seconds === undefined ? undefined : buckets[bucketAt({ first, last, buckets }, seconds)];
    if (!bucket) continue;
    bucket.count++;
    bucket.worst = Math.min(bucket.worst, lines[entry ?? 0]?.level ?? DEFAULT_LEVEL);
    if (bucket.row < 0) bucket.row = row;
  }
  // The last stretch has a row: that of the time `last`.
  let next = 0;
  for (const bucket of buckets.toReversed()) {
    if (bucket.row < 0) bucket.row = next;
    next = bucket.row;
  }
  return { first, last, buckets };
}

/** Returns the time of a row; undefined for a heading, an explanation, and a line without one. */
const timeOf = (lines: readonly LogLine[], entry: RowNumber | undefined): number | undefined =>
  entry === undefined || isHeading(entry) ? undefined : lines[entry]?.seconds;

/** Returns the index of the stretch that has a time. */
export const bucketAt = ({ first, last, buckets }: LogSpread, seconds: number): number =>
  Math.max(0, Math.min(buckets.length - 1, Math.floor(((seconds - first) / (last - first)) * buckets.length)));

/**
 * Returns a height between 0 and 1. It grows with the logarithm, so that one message is seen beside a flood.
 * @param most count of the fullest stretch
 */
export const heightOf = ({ count }: Bucket, most: number): number =>
  count === 0 ? 0 : Math.log2(1 + count) / Math.log2(1 + most);
