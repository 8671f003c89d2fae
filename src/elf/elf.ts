import type { ByteOrder } from "../base/bytes.ts";
import { cString, viewOf } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import { type RandomFile, bytesFile } from "../base/file.ts";
import { findBuildId } from "./buildId.ts";
import { sectionContents } from "./sectionContents.ts";

/** From the System V gABI, "Object Files". */
export const ET_REL = 1;
export const SHT_SYMTAB = 2;
export const SHT_RELA = 4;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHF_WRITE = 0x1;
export const SHF_ALLOC = 0x2;
export const SHF_EXECINSTR = 0x4;

const ELFCLASS32 = 1;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const ELFDATA2MSB = 2;
const SHN_XINDEX = 0xffff;
const PN_XNUM = 0xffff;

/** More than `-ffunction-sections` ever made of a kernel module; a lying header is cut off here. */
const MAX_SECTIONS = 1 << 17;
const MAX_SEGMENTS = 1 << 16;
const MAX_ENTRY = 256;
const MAX_NAMES = 16 << 20;

/** A section header; places and sizes in bytes. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** SHT_*. */
  readonly type: number;
  /** SHF_*, the low 32 bits. */
  readonly flags: number;
  /** Link address; 0 in a relocatable file. */
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

/** A program header. */
export interface ElfSegment {
  /** PT_*. */
  readonly type: number;
  /** PF_*. */
  readonly flags: number;
  readonly offset: number;
  readonly address: bigint;
  readonly physical: bigint;
  readonly fileSize: number;
  readonly memorySize: bigint;
}

/** A vmlinux, a module or their debug file: headers in memory, contents in the file. */
export interface ElfFile {
  readonly file: RandomFile;
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  /** ET_*. */
  readonly type: number;
  /** EM_*. */
  readonly machine: number;
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
  /** Lower-case hexadecimal of the GNU build-id note; undefined when there is none. */
  readonly buildId: string | undefined;
  /** The first section of that name. */
  section(name: string): ElfSection | undefined;
  /**
   * What a section holds, decompressed, not relocated; empty for SHT_NOBITS.
   * @throws Fault corrupt when it cannot be decompressed
   */
  contents(section: ElfSection): RandomFile;
}

/**
 * Reads the headers of an ELF file of either class and byte order (System V gABI, "ELF Header").
 * @throws Fault corrupt for what is no ELF file or contradicts itself, truncated where the file ends too early
 */
export function openElf(file: RandomFile): ElfFile {
  const header = readHeader(file);
  const sections = readSections(file, header);
  const segments = readSegments(file, header, sections[0]?.info ?? 0);
  const byName = new Map<string, ElfSection>();
  for (const section of sections) if (!byName.has(section.name)) byName.set(section.name, section);
  const opened = new Map<ElfSection, RandomFile>();
  const contents = (section: ElfSection): RandomFile => {
    let bytes = opened.get(section);
    if (!bytes) {
      bytes = section.type === SHT_NOBITS ? noContents : sectionContents(file, section, header);
      opened.set(section, bytes);
    }
    return bytes;
  };
  let buildId: string | undefined | null = null;
  return {
    file,
    byteOrder: header.byteOrder,
    wordSize: header.wordSize,
    type: header.type,
    machine: header.machine,
    sections,
    segments,
    get buildId() {
      if (buildId === null) buildId = findBuildId(file, header.byteOrder, sections, segments);
      return buildId;
    },
    section: (name) => byName.get(name),
    contents,
  };
}

interface Header {
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  readonly type: number;
  readonly machine: number;
  readonly sectionTable: number;
  readonly sectionEntry: number;
  readonly sectionCount: number;
  readonly nameSection: number;
  readonly segmentTable: number;
  readonly segmentEntry: number;
  readonly segmentCount: number;
}

function readHeader(file: RandomFile): Header {
  const bytes = file.read(0, 64);
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw Fault.of("corrupt", `${file.name}: not an ELF file`);
  }
  const wide = bytes[4] === ELFCLASS64;
  if (!wide && bytes[4] !== ELFCLASS32) throw Fault.of("corrupt", `${file.name}: ELF class ${bytes[4] ?? 0}`);
  const little = bytes[5] === ELFDATA2LSB;
  if (!little && bytes[5] !== ELFDATA2MSB) throw Fault.of("corrupt", `${file.name}: ELF byte order ${bytes[5] ?? 0}`);
  if (bytes.length < (wide ? 64 : 52)) throw Fault.of("truncated", `${file.name}: ends in its ELF header`);
  const fields = new Fields(bytes, little, wide);
  const counts = wide ? 54 : 42;
  return {
    byteOrder: little ? "little" : "big",
    wordSize: wide ? 8 : 4,
    type: fields.u16(16),
    machine: fields.u16(18),
    segmentTable: fields.word(wide ? 32 : 28),
    sectionTable: fields.word(wide ? 40 : 32),
    segmentEntry: fields.u16(counts),
    segmentCount: fields.u16(counts + 2),
    sectionEntry: fields.u16(counts + 4),
    sectionCount: fields.u16(counts + 6),
    nameSection: fields.u16(counts + 8),
  };
}

/** Header fields at offsets; `word` is 4 or 8 bytes as the class has it, as a number (places beyond 2^53 are lies anyway). */
class Fields {
  private readonly view: DataView;
  private readonly little: boolean;
  private readonly wide: boolean;

  constructor(bytes: Uint8Array, little: boolean, wide: boolean) {
    this.view = viewOf(bytes);
    this.little = little;
    this.wide = wide;
  }

  u16(at: number): number {
    return this.view.getUint16(at, this.little);
  }

  u32(at: number): number {
    return this.view.getUint32(at, this.little);
  }

  long(at: number): bigint {
    return this.wide ? this.view.getBigUint64(at, this.little) : BigInt(this.view.getUint32(at, this.little));
  }

  word(at: number): number {
    return Number(this.long(at));
  }
}

/** The entries of a header table, each at least `least` bytes; the file bounds their number. */
function* tableEntries(
  file: RandomFile,
  header: Header,
  at: number,
  size: number,
  count: number,
  least: number,
): Generator<Fields> {
  if (count === 0) return;
  if (size < least || size > MAX_ENTRY)
    throw Fault.of("corrupt", `${file.name}: header table entries of ${size} bytes`);
  const table = file.read(at, count * size);
  if (table.length < count * size) throw Fault.of("truncated", `${file.name}: ends in a header table`);
  for (let i = 0; i < count; i++) {
    yield new Fields(table.subarray(i * size, (i + 1) * size), header.byteOrder === "little", header.wordSize === 8);
  }
}

function readSections(file: RandomFile, header: Header): ElfSection[] {
  if (header.sectionTable === 0) return [];
  const least = header.wordSize === 8 ? 64 : 40;
  const entries = (count: number): Generator<Fields> =>
    tableEntries(file, header, header.sectionTable, header.sectionEntry, count, least);
  let count = header.sectionCount;
  let nameSection = header.nameSection;
  if (count === 0 || nameSection === SHN_XINDEX) {
    // Numbers that do not fit are kept in the first section header.
    const first = entries(1).next().value as Fields;
    if (count === 0) count = first.word(header.wordSize === 8 ? 32 : 20);
    if (nameSection === SHN_XINDEX) nameSection = first.u32(header.wordSize === 8 ? 40 : 24);
  }
  if (count > MAX_SECTIONS) throw Fault.of("corrupt", `${file.name}: claims ${count} sections`);
  const unnamed = Array.from(entries(count), (fields, index) => sectionHeader(fields, index, header.wordSize === 8));
  const strings = unnamed[nameSection];
  const names = strings ? file.read(strings.offset, Math.min(strings.size, MAX_NAMES)) : new Uint8Array(0);
  return unnamed.map(({ nameOffset, ...section }) => ({
    ...section,
    name: nameOffset < names.length ? cString(names, nameOffset) : "",
  }));
}

function sectionHeader(
  fields: Fields,
  index: number,
  wide: boolean,
): Omit<ElfSection, "name"> & { nameOffset: number } {
  const after = wide ? 40 : 24;
  return {
    index,
    nameOffset: fields.u32(0),
    type: fields.u32(4),
    flags: Number(fields.long(8) & 0xffffffffn),
    address: fields.long(wide ? 16 : 12),
    offset: fields.word(wide ? 24 : 16),
    size: fields.word(wide ? 32 : 20),
    link: fields.u32(after),
    info: fields.u32(after + 4),
    entrySize: fields.word(wide ? 56 : 36),
  };
}

function readSegments(file: RandomFile, header: Header, extendedCount: number): ElfSegment[] {
  const count = header.segmentCount === PN_XNUM ? extendedCount : header.segmentCount;
  if (header.segmentTable === 0) return [];
  if (count > MAX_SEGMENTS) throw Fault.of("corrupt", `${file.name}: claims ${count} segments`);
  const wide = header.wordSize === 8;
  const entries = tableEntries(file, header, header.segmentTable, header.segmentEntry, count, wide ? 56 : 32);
  return Array.from(entries, (fields) => ({
    type: fields.u32(0),
    flags: fields.u32(wide ? 4 : 24),
    offset: fields.word(wide ? 8 : 4),
    address: fields.long(wide ? 16 : 8),
    physical: fields.long(wide ? 24 : 12),
    fileSize: fields.word(wide ? 32 : 16),
    memorySize: fields.long(wide ? 40 : 20),
  }));
}

/** Contents of a section that has none. */
const noContents: RandomFile = bytesFile("", new Uint8Array(0));
