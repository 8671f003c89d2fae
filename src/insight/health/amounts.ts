/** Writes amounts in words, for the sentences of health. */

const UNITS: readonly (readonly [bytes: number, name: string])[] = [
  [2 ** 40, "TiB"],
  [2 ** 30, "GiB"],
  [2 ** 20, "MiB"],
  [2 ** 10, "KiB"],
];

/** Returns a size with one decimal, `95.5 MiB`, or in bytes if it is below 1 KiB. */
export function sizeWords(bytes: number): string {
  const unit = UNITS.find(([size]) => bytes >= size);
  return unit ? `${(bytes / unit[0]).toFixed(1)} ${unit[1]}` : countWords(bytes, "byte");
}

/** Returns a duration: `12.3 s`, `5 min 12 s`, `3 h 5 min`. */
export function timeWords(nanoseconds: bigint): string {
  const seconds = Number(nanoseconds) / 1e9;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}

/** Returns a part as a percentage of the whole: `31 %`. */
export const percentWords = (part: number, whole: number): string =>
  whole > 0 ? `${Math.round((part / whole) * 100)} %` : "an unknown share";

/** Returns `1 task` or `3 tasks`. */
export const countWords = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** One second in nanoseconds. */
export const SECOND = 1_000_000_000n;
