/** Formats numbers with their units. It does not use the DOM. */
import { padHex } from "../base/hex.ts";
import type { GridCell, Unit } from "../protocol/grid.ts";

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** Returns a size such as `17.2 MiB`. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Returns a number as it is, if `unitText` shortens or converts it: `17,235,968 bytes`. Undefined for others. */
export function rawText(cell: GridCell, unit: Unit | undefined): string | undefined {
  const shown = unitText(cell, unit);
  if (shown === undefined || (typeof cell !== "number" && typeof cell !== "string")) return undefined;
  const name = unit === undefined ? undefined : RAW_UNITS[unit];
  const text = `${(typeof cell === "string" ? BigInt(cell) : cell).toLocaleString("en", { maximumFractionDigits: 9 })}${name === undefined ? "" : ` ${name}`}`;
  return text === shown ? undefined : text;
}

const RAW_UNITS: Readonly<Partial<Record<Unit, string>>> = {
  bytes: "bytes",
  kibibytes: "KiB",
  seconds: "s",
  nanoseconds: "ns",
  percent: "%",
  date: "s since 1970",
};

/** Returns a number with its unit. Undefined if the plain number is clearer. */
export function unitText(cell: GridCell, unit: Unit | undefined): string | undefined {
  // 64-bit integers come as decimal strings.
  const value = typeof cell === "string" && /^-?\d{1,20}$/.test(cell) ? Number(cell) : cell;
  if (typeof value !== "number") return undefined;
  switch (unit) {
    case "bytes":
      return value === 0 ? "0" : bytesText(value);
    case "kibibytes":
      return value === 0 ? "0" : bytesText(value * 1024);
    case "seconds":
      return `${value.toFixed(3)} s`;
    case "nanoseconds":
      // Microseconds, as in the kernel log: events on one CPU are often no more apart.
      return `${(value / 1e9).toFixed(6)} s`;
    case "percent":
      return `${value.toFixed(1)} %`;
    case "date":
      return new Date(value * 1000)
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, " UTC");
    case "octal":
      return `0${value.toString(8)}`;
    case "hex":
      return `0x${padHex(BigInt(cell as string | number), 4)}`;
    default:
      return undefined;
  }
}
