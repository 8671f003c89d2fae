import { Fault } from "../base/fault.ts";
import { openFile, type RandomFile } from "../base/file.ts";
import { ByteReader } from "./byteReader.ts";
import { cpioMembers } from "./cpio.ts";
import { type Member, tarMembers } from "./tar.ts";
import { unpacked, type UnpackOptions } from "./unpack.ts";

/** Whether a file is a package, by its name. */
export const isPackage = (path: string): boolean => /\.(deb|ddeb|rpm)$/i.test(path);

interface Payload {
  readonly members: (reader: ByteReader) => AsyncGenerator<Member>;
  readonly offset: number;
  readonly size: number;
}

/**
 * The files of a package of Debian's or RPM's kind, in their order.
 * @throws Fault for what is none; Cancelled; NodeJS.ErrnoException
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
const AR_HEADER = 60;
/** deb(5) knows three members. */
const MAX_AR_MEMBERS = 16;

/** data.tar in the ar archive that a deb is (deb(5)); undefined for no ar archive. @throws Fault */
function debPayload(file: RandomFile): Payload | undefined {
  const text = (at: number, length: number): string => Buffer.from(file.read(at, length)).toString("latin1");
  if (text(0, AR_MAGIC.length) !== AR_MAGIC) return undefined;
  let at = AR_MAGIC.length;
  for (let count = 0; count < MAX_AR_MEMBERS && at < file.size; count++) {
    const header = text(at, AR_HEADER);
    const size = Number(header.slice(48, 58));
    if (!header.endsWith("`\n") || !Number.isSafeInteger(size)) break;
    if (/^data\.tar[. /]/.test(header)) return { members: tarMembers, offset: at + AR_HEADER, size };
    at += AR_HEADER + size + (size & 1);
  }
  throw Fault.of("corrupt", `${file.name} has no data.tar in it, as a package of Debian has`);
}

const RPM_LEAD_MAGIC = 0xedabeedb;
const RPM_LEAD = 96;
const RPM_HEADER_MAGIC = 0x8eade8;

/** What follows the lead, the signature and the header (RPM's documentation, "RPM V4 Package format"). @throws Fault */
function rpmPayload(file: RandomFile): Payload {
  const word = (at: number): number => {
    const bytes = Buffer.from(file.read(at, 4));
    return bytes.length === 4 ? bytes.readUInt32BE() : 0;
  };
  if (word(0) !== RPM_LEAD_MAGIC) throw Fault.of("corrupt", `${file.name} is no package`);
  const endOfHeader = (at: number): number => {
    if (word(at) >>> 8 !== RPM_HEADER_MAGIC) throw Fault.of("corrupt", `${file.name} is a damaged package`);
    return at + 16 + 16 * word(at + 8) + word(at + 12);
  };
  const signature = endOfHeader(RPM_LEAD);
  const offset = endOfHeader(Math.ceil(signature / 8) * 8);
  return { members: cpioMembers, offset, size: file.size - offset };
}
