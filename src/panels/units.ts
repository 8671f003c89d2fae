import type { Unit } from "../protocol/grid.ts";

/** Numbers as a person reads them: no DOM. */

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** `17.2 MiB`. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A number in its unit; undefined where it is read best as it is. */
export function unitText(value: number, unit: Unit | undefined): string | undefined {
  switch (unit) {
    case "bytes":
      return value === 0 ? "0" : bytesText(value);
    case "kibibytes":
      return value === 0 ? "0" : bytesText(value * 1024);
    case "seconds":
      return `${value.toFixed(3)} s`;
    case "octal":
      return `0${value.toString(8)}`;
    case "hex":
      return `0x${value.toString(16).padStart(4, "0")}`;
    default:
      return undefined;
  }
}
