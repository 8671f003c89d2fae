/** Reads and writes the variable-length integers in xz files. */
import { Fault } from "../base/fault.ts";

/** Returns the fault for a damaged xz stream. @param what what is wrong, as a clause */
export const damaged = (what: string): Fault => Fault.of("corrupt", `its xz stream is damaged: ${what}`);

/** Parses variable-length integers (The .xz File Format, 1.2). */
export class Integers {
  private readonly bytes: Uint8Array;
  private at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Returns the next integer. @throws Fault corrupt if it is incomplete or too large */
  next(): number {
    let value = 0;
    for (let scale = 1; scale < Number.MAX_SAFE_INTEGER; scale *= 0x80) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && Number.isSafeInteger(value)) return value;
    }
    throw damaged("it has an invalid integer");
  }
}

/** Appends a variable-length integer. @param into bytes to which it is appended */
export function pushInteger(into: number[], value: number): void {
  for (; value >= 0x80; value = Math.floor(value / 0x80)) into.push((value & 0x7f) | 0x80);
  into.push(value);
}
