/** Reads tar archives: POSIX, pax and GNU formats. */
import { Fault } from "../base/fault.ts";
import type { ByteReader } from "./byteReader.ts";

/** A file in an archive. Its bytes can be read once, and only until the next member is requested. */
export interface Member {
  /** The name in the archive. It may be "../../etc/passwd", so never use it as a path unchecked. */
  readonly name: string;
  readonly size: number;
  readonly bytes: () => AsyncGenerator<Uint8Array>;
}

/** Size of a block in bytes. */
const BLOCK = 512;
/** Maximum size in bytes of long names and extended headers. */
const MAX_HEADER = 1 << 20;

/** Maximum length of a path in bytes (include/uapi/linux/limits.h). A file with a longer name cannot be created. */
export const PATH_MAX = 4096;

const OLD_FILE = "\0";
const REGTYPE = "0";
const GNU_LONG_NAME = "L";
const PAX_HEADER = "x";

/**
 * Yields the regular files of a tar archive. Sources: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header
 * Block"; for long names, the manual of GNU tar, "Basic Tar Format".
 * @throws Fault corrupt if the stream is not a tar archive
 */
export async function* tarMembers(reader: ByteReader): AsyncGenerator<Member> {
  let overrides: { name?: string; size?: number } = {};
  for (;;) {
    const header = await reader.read(BLOCK);
    // Read the rest, because the decompressor checks the checksum at its end.
    if (header.every((byte) => byte === 0)) return reader.skip(Infinity);
    if (header.length < BLOCK || !isHeader(header)) throw Fault.of("corrupt", "is not a tar archive, or is damaged");
    const text = (from: number, length: number): string => textOf(header.subarray(from, from + length));
    const size = overrides.size ?? numberOf(header.subarray(124, 136));
    const end = reader.position + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === GNU_LONG_NAME || type === PAX_HEADER) {
      if (size > MAX_HEADER)
        throw Fault.of(
          "corrupt",
          `is not a tar archive: it has a name or extended header of ${size} bytes, but the limit is ${MAX_HEADER}`,
        );
      const extended = await reader.read(size);
      overrides =
        type === PAX_HEADER ? { ...overrides, ...paxRecords(extended) } : { ...overrides, name: textOf(extended) };
    } else {
      const prefix = text(257, 5) === "ustar" && text(263, 2) === "00" ? text(345, 155) : "";
      const name = overrides.name ?? (prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`);
      if ((type === REGTYPE || type === OLD_FILE) && name.length < PATH_MAX)
        yield { name, size, bytes: () => reader.take(size) };
      overrides = {};
    }
    await reader.skip(end - reader.position);
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8").split("\0")[0] ?? "";

/** Whether the checksum of a header is correct: the sum of its bytes, with the checksum field counted as spaces. */
function isHeader(header: Uint8Array): boolean {
  let sum = 0;
  header.forEach((byte, i) => (sum += i >= 148 && i < 156 ? 32 : byte));
  return sum === numberOf(header.subarray(148, 156));
}

/**
 * Parses octal digits. GNU tar writes larger numbers big-endian after a byte 0x80. @throws Fault corrupt for an invalid
 * number
 */
function numberOf(field: Uint8Array): number {
  const value =
    field[0] === 0x80
      ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0)
      : parseInt(textOf(field).trim() || "0", 8);
  if (!Number.isSafeInteger(value) || value < 0)
    throw Fault.of("corrupt", "is not a tar archive: a header has an invalid number");
  return value;
}

/** Parses pax records, lines "LENGTH KEY=VALUE". @returns the values of the keys "path" and "size" */
function paxRecords(bytes: Uint8Array): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const head = Buffer.from(bytes.subarray(at, at + 64)).toString("latin1");
    const [, length = "", key = ""] = /^(\d{1,7}) ([^=]*)=/.exec(head) ?? [];
    const end = at + Number(length);
    if (!(end > at)) break;
    const value = textOf(bytes.subarray(at + length.length + key.length + 2, end - 1));
    if (key === "path") found.name = value;
    if (key === "size" && /^\d{1,15}$/.test(value)) found.size = Number(value);
    at = end;
  }
  return found;
}
