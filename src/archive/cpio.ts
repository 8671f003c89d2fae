/** Reads cpio archives, the payload of RPM packages. */
import { Fault } from "../base/fault.ts";
import type { ByteReader } from "./byteReader.ts";
import { type Member, PATH_MAX } from "./tar.ts";

/** Size of a header in bytes: the magic and 13 fields of eight digits. */
const HEADER = 110;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

/**
 * Yields the regular files with contents of a cpio archive in the "new ASCII" format, which RPM packages contain (cpio(5)).
 * @throws Fault corrupt if the stream is not such an archive
 */
export async function* cpioMembers(reader: ByteReader): AsyncGenerator<Member> {
  for (;;) {
    const header = Buffer.from(await reader.read(HEADER)).toString("latin1");
    if (!/^07070[12][0-9a-fA-F]{104}$/.test(header)) throw Fault.of("corrupt", "is not a cpio archive, or is damaged");
    const field = (index: number): number => parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    if (nameSize === 0 || nameSize > PATH_MAX)
      throw Fault.of(
        "corrupt",
        `is not a cpio archive: it has a name of ${nameSize} bytes instead of 1 to ${PATH_MAX}`,
      );
    const name = Buffer.from(await reader.read(nameSize - 1)).toString("utf8");
    await reader.skip(1 + padding(HEADER + nameSize));
    if (name === "TRAILER!!!") return;
    const end = reader.position + size + padding(size);
    // If there are several hard links to one file, only the last member has the contents.
    if ((mode & S_IFMT) === S_IFREG && size > 0) yield { name, size, bytes: () => reader.take(size) };
    await reader.skip(end - reader.position);
  }
}

/** Returns the number of bytes up to the next multiple of four. */
const padding = (size: number): number => -size & 3;
