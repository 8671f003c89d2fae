/** Reads the files in Debian and RPM packages. */
import { Fault } from "../base/fault.ts";
import { openFile, type RandomFile } from "../base/file.ts";
import { ByteReader } from "./byteReader.ts";
import { cpioMembers } from "./cpio.ts";
import { type Member, tarMembers } from "./tar.ts";
import { unpacked, type UnpackOptions } from "./unpack.ts";

/** Whether the name of a file is that of a package. */
export const isPackage = (path: string): boolean => /\.(deb|ddeb|rpm)$/i.test(path);

interface Payload {
  readonly members: (reader: ByteReader) => AsyncGenerator<Member>;
  readonly offset: number;
  readonly size: number;
}

/**
 * Yields the files of a Debian or RPM package in their order.
 * @throws Fault corrupt if the file is not a package; Cancelled; NodeJS.ErrnoException
 */
export async function* packageMembers(path: string, options: UnpackOptions): AsyncGenerator<Member> {
  const file = openFile(path);
  let payload: Payload;
  try {
    payload = debPayload(file) ?? rpmPayload(file);
  } finally {
    file.close();
  }
  const reader = new ByteReader(unpacked(path, payload, options));
  try {
    for await (const member of payload.members(reader)) {
      options.budget?.file(path);
      yield member;
    }
  } finally {
    await reader.close();
  }
}

const AR_MAGIC = "!<arch>\n";
/** Size of the header of a member in bytes. */
const AR_HEADER = 60;
/** Maximum number of members; deb(5) defines three. */
const MAX_AR_MEMBERS = 16;

/**
 * Finds data.tar in a Debian package, which is an ar archive (deb(5)). @returns undefined if the file is not an ar
 * archive @throws Fault corrupt
 */
function debPayload(file: RandomFile): Payload | undefined {
  const text = (at: number, length: number): string => Buffer.from(file.read(at, length)).toString("latin1");
  if (text(0, AR_MAGIC.length) !== AR_MAGIC) return undefined;
  let at = AR_MAGIC.length;
  for (let count = 0; count < MAX_AR_MEMBERS && at < file.size; count++) {
    const header = text(at, AR_HEADER);
    const size = Number(header.slice(48, 58));
    if (!header.endsWith("`\n") || !Number.isSafeInteger(size))
      throw Fault.of("corrupt", `${file.name} is a damaged Debian package: a member's header is invalid`);
    if (/^data\.tar[. /]/.test(header)) return { members: tarMembers, offset: at + AR_HEADER, size };
    at += AR_HEADER + size + (size & 1);
  }
  throw Fault.of(
    "corrupt",
    `${file.name} is not a Debian package: none of its members, of which ${MAX_AR_MEMBERS} are looked at, is named data.tar`,
  );
}

const RPM_LEAD_MAGIC = 0xedabeedb;
/** Size of the lead in bytes. */
const RPM_LEAD = 96;
const RPM_HEADER_MAGIC = 0x8eade8;

/**
 * Finds the payload of an RPM: the bytes after the lead, the signature and the header (RPM's documentation, "RPM V4
 * Package format"). @throws Fault corrupt
 */
function rpmPayload(file: RandomFile): Payload {
  const word = (at: number): number => {
    const bytes = Buffer.from(file.read(at, 4));
    return bytes.length === 4 ? bytes.readUInt32BE() : 0;
  };
  if (word(0) !== RPM_LEAD_MAGIC) throw Fault.of("corrupt", `${file.name} is not a Debian or RPM package`);
  const endOfHeader = (at: number): number => {
    if (word(at) >>> 8 !== RPM_HEADER_MAGIC)
      throw Fault.of("corrupt", `${file.name} is a damaged RPM package: a header has the wrong magic number`);
    return at + 16 + 16 * word(at + 8) + word(at + 12);
  };
  const signature = endOfHeader(RPM_LEAD);
  const offset = endOfHeader(Math.ceil(signature / 8) * 8);
  return { members: cpioMembers, offset, size: file.size - offset };
}
