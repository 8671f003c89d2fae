import { Fault } from "../base/fault.ts";
import type { ByteReader } from "./byteReader.ts";
import { type Member, PATH_MAX } from "./tar.ts";

const HEADER = 110;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

/**
 * The regular files of a cpio archive in the "new ASCII" format, which RPM packages hold (cpio(5)).
 * @throws Fault where it is none
 */
export async function* cpioMembers(reader: ByteReader): AsyncGenerator<Member> {
  for (;;) {
    const header = Buffer.from(await reader.read(HEADER)).toString("latin1");
    if (!/^07070[12][0-9a-fA-F]{104}$/.test(header)) throw Fault.of("corrupt", "is no cpio archive, or a damaged one");
    const field = (index: number): number => parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    if (nameSize === 0 || nameSize > PATH_MAX)
      throw Fault.of("corrupt", `is no cpio archive: a name of ${nameSize} bytes`);
    const name = Buffer.from(await reader.read(nameSize - 1)).toString("utf8");
    await reader.skip(1 + padding(HEADER + nameSize));
    if (name === "TRAILER!!!") return;
    const end = reader.position + size + padding(size);
    // Of hard links to one file the last has the bytes.
    if ((mode & S_IFMT) === S_IFREG && size > 0) yield { name, size, bytes: () => reader.take(size) };
    await reader.skip(end - reader.position);
  }
}

/** Up to a multiple of four. */
const padding = (size: number): number => -size & 3;
