/** Dates, durations and sizes in crash's formats. */

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (value: number): string => String(value).padStart(2, "0");

/** Formats a date, in UTC because the dump does not record its time zone: `Sat Nov 21 10:19:24 UTC 2026`. */
export function dateText(seconds: number): string {
  const date = new Date(seconds * 1000);
  // A damaged clock can exceed the range of a date.
  if (Number.isNaN(date.getTime())) return `${seconds} seconds since 1970`;
  const day = String(date.getUTCDate()).padStart(2);
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${time} UTC ${date.getUTCFullYear()}`;
}

/** Returns the whole days, and the rest as `14:14:39`. */
export function durationParts(seconds: number): { readonly days: number; readonly time: string } {
  const whole = Math.max(0, Math.floor(seconds));
  const time = [Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60].map(two).join(":");
  return { days: Math.floor(whole / 86_400), time };
}

/** Formats a duration as days, then hours to milliseconds: `0 00:00:01.162`. */
export function agoText(nanoseconds: bigint): string {
  const milliseconds = nanoseconds / 1_000_000n;
  const { days, time } = durationParts(Number(milliseconds / 1000n));
  return `${days} ${time}.${String(milliseconds % 1000n).padStart(3, "0")}`;
}

/** Formats a duration: `00:00:15`, or `10 days, 14:14:39`. */
export function durationText(seconds: number): string {
  const { days, time } = durationParts(seconds);
  return days > 0 ? `${days} days, ${time}` : time;
}

const UNITS: readonly (readonly [bytes: number, name: string])[] = [
  [2 ** 40, "TB"],
  [2 ** 30, "GB"],
  [2 ** 20, "MB"],
  [2 ** 10, "KB"],
];

/** Formats a size with a decimal if it is not zero: `95.5 MB`, `1 GB`. */
export function sizeText(bytes: number): string {
  const unit = UNITS.find(([size]) => bytes >= size);
  if (!unit) return `${bytes} bytes`;
  const text = (bytes / unit[0]).toFixed(1);
  return `${text.endsWith(".0") ? text.slice(0, -2) : text} ${unit[1]}`;
}
