import { Fault } from "../base/fault.ts";
import type { ByteReader } from "./byteReader.ts";

/** A file in an archive. Its bytes come once, and only until the next one is asked for. */
export interface Member {
  /** As the archive has it; it may say "../../etc/passwd" and must not become a path as it stands. */
  readonly name: string;
  readonly size: number;
  readonly bytes: () => AsyncGenerator<Uint8Array>;
}

const BLOCK = 512;
/** Long names and extended headers. */
const MAX_HEADER = 1 << 20;

/** A file of a longer name cannot be made (include/uapi/linux/limits.h). */
export const PATH_MAX = 4096;

const OLD_FILE = "\0";
const REGTYPE = "0";
const GNU_LONG_NAME = "L";
const PAX_HEADER = "x";

/**
 * The regular files of a tar archive: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block", and the
 * long names of GNU tar (its manual, "Basic Tar Format").
 * @throws Fault where it is none
 */
export async function* tarMembers(reader: ByteReader): AsyncGenerator<Member> {
  let given: { name?: string; size?: number } = {};
  for (;;) {
    const header = await reader.read(BLOCK);
    // What is left is read for the checksum behind it.
    if (header.every((byte) => byte === 0)) return reader.skip(Infinity);
    if (header.length < BLOCK || !isHeader(header)) throw Fault.of("corrupt", "is no tar archive, or a damaged one");
    const text = (from: number, length: number): string => textOf(header.subarray(from, from + length));
    const size = given.size ?? numberOf(header.subarray(124, 136));
    const end = reader.position + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === GNU_LONG_NAME || type === PAX_HEADER) {
      if (size > MAX_HEADER) throw Fault.of("corrupt", `is no tar archive: a name of ${size} bytes`);
      const extended = await reader.read(size);
      given = type === PAX_HEADER ? { ...given, ...paxRecords(extended) } : { ...given, name: textOf(extended) };
    } else {
      const prefix = text(257, 5) === "ustar" && text(263, 2) === "00" ? text(345, 155) : "";
      const name = given.name ?? (prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`);
      if ((type === REGTYPE || type === OLD_FILE) && name.length < PATH_MAX)
        yield { name, size, bytes: () => reader.take(size) };
      given = {};
    }
    await reader.skip(end - reader.position);
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8").split("\0")[0] ?? "";

/** The sum of the header's bytes, its own field taken for spaces. */
function isHeader(header: Uint8Array): boolean {
  let sum = 0;
  header.forEach((byte, i) => (sum += i >= 148 && i < 156 ? 32 : byte));
  return sum === numberOf(header.subarray(148, 156));
}

/** Octal digits; GNU tar writes what is too large for them as a big-endian number behind 0x80. @throws Fault */
function numberOf(field: Uint8Array): number {
  const value =
    field[0] === 0x80
      ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0)
      : parseInt(textOf(field).trim() || "0", 8);
  if (!Number.isSafeInteger(value) || value < 0) throw Fault.of("corrupt", "is no tar archive: a size that is none");
  return value;
}

/** Records "LENGTH KEY=VALUE\n". */
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
