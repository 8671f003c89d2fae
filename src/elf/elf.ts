/** Opens ELF files: section headers and section contents. */
import type { ByteOrder } from "../base/bytes.ts";
import { cString, viewOf } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import { type RandomFile, bytesFile } from "../base/file.ts";
import { findBuildId } from "./buildId.ts";
import { type ElfHeader, elfHeader, programHeaders, PT_NOTE } from "./elfHeader.ts";
import { sectionContents } from "./sectionContents.ts";

/** Values from the System V gABI, "Object Files". */
export const ET_REL = 1;
export const SHT_SYMTAB = 2;
export const SHT_RELA = 4;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHF_WRITE = 0x1;
export const SHF_ALLOC = 0x2;
export const SHF_EXECINSTR = 0x4;

const SHT_NOTE = 7;
const SHN_XINDEX = 0xffff;

/**
 * Maximum number of sections, because a damaged header can claim any number. No kernel module built with
 * `-ffunction-sections` has more.
 */
const MAX_SECTIONS = 1 << 17;
/** Maximum size of a section header in bytes. */
const MAX_ENTRY = 256;
/** Maximum size of the names of sections in bytes. */
const MAX_NAMES = 16 << 20;

/** A section header; offsets and sizes in bytes. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** SHT_*. */
  readonly type: number;
  /** Low 32 bits of SHF_*. */
  readonly flags: number;
  /** Link address; 0 in a relocatable file. */
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

/** A vmlinux, a module or its debug file. Headers are in memory, contents are read from the file. */
export interface ElfFile {
  readonly file: RandomFile;
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  /** ET_*. */
  readonly type: number;
  /** EM_*. */
  readonly machine: number;
  readonly sections: readonly ElfSection[];
  /** GNU build ID in lower-case hexadecimal; undefined if there is no such note. */
  readonly buildId: string | undefined;
  /** Returns the first section of that name; undefined if there is none. */
  section(name: string): ElfSection | undefined;
  /**
   * Returns the contents of a section: decompressed, not relocated, empty for SHT_NOBITS. @throws Fault corrupt when it
   * cannot be decompressed
   */
  contents(section: ElfSection): RandomFile;
}

/**
 * Reads the headers of an ELF file of either class and byte order (System V gABI, "ELF Header"). @throws Fault corrupt
 * when it is not an ELF file or is inconsistent, truncated when it ends too early
 */
export function openElf(file: RandomFile): ElfFile {
  const header = elfHeader(file);
  const { byteOrder, type, machine } = header;
  const wordSize = header.elf64 ? 8 : 4;
  const sections = readSections(file, header);
  const notes = [...sections.filter((section) => section.type === SHT_NOTE), ...noteSegments(file, header)];
  const byName = new Map<string, ElfSection>();
  for (const section of sections) if (!byName.has(section.name)) byName.set(section.name, section);
  const opened = new Map<ElfSection, RandomFile>();
  const contents = (section: ElfSection): RandomFile => {
    let bytes = opened.get(section);
    if (!bytes) {
      bytes = section.type === SHT_NOBITS ? noContents : sectionContents(file, section, { byteOrder, wordSize });
      opened.set(section, bytes);
    }
    return bytes;
  };
  let buildId: string | undefined | null = null;
  return {
    file,
    byteOrder,
    wordSize,
    type,
    machine,
    sections,
    get buildId() {
      if (buildId === null) buildId = findBuildId(file, byteOrder, notes);
      return buildId;
    },
    section: (name) => byName.get(name),
    contents,
  };
}

/**
 * Header fields at offsets. `word` is 4 or 8 bytes by class and read as a number, because a file offset beyond 2^53 is
 * invalid anyway.
 */
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

/**
 * Yields the section headers. @throws Fault corrupt if their size is impossible, truncated if the file ends before the
 * last one
 */
function* sectionFields(file: RandomFile, header: ElfHeader, count: number): Generator<Fields> {
  const { shoff, shentsize: size, elf64 } = header;
  if (count === 0) return;
  if (size < (elf64 ? 64 : 40) || size > MAX_ENTRY)
    throw Fault.of("corrupt", `${file.name}: section headers cannot have ${size} bytes; the header is damaged`);
  const table = file.read(shoff, count * size);
  if (table.length < count * size) throw Fault.of("truncated", `${file.name}: ends in a header table`);
  for (let i = 0; i < count; i++) {
    yield new Fields(table.subarray(i * size, (i + 1) * size), header.byteOrder === "little", elf64);
  }
}

function readSections(file: RandomFile, header: ElfHeader): ElfSection[] {
  if (header.shoff === 0) return [];
  const { elf64 } = header;
  let count = header.shnum;
  let nameSection = header.shstrndx;
  if (count === 0 || nameSection === SHN_XINDEX) {
    // Counts that do not fit the ELF header are in the first section header.
    const first = sectionFields(file, header, 1).next().value as Fields;
    if (count === 0) count = first.word(elf64 ? 32 : 20);
    if (nameSection === SHN_XINDEX) nameSection = first.u32(elf64 ? 40 : 24);
  }
  if (count > MAX_SECTIONS)
    throw Fault.of(
      "corrupt",
      `${file.name}: ${count} sections exceed the limit of ${MAX_SECTIONS}; the header is damaged`,
    );
  const unnamed = Array.from(sectionFields(file, header, count), (fields, index) =>
    sectionHeader(fields, index, elf64),
  );
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

/** Returns the ranges of the note segments, because the build ID can be in a segment without a section. */
function noteSegments(file: RandomFile, header: ElfHeader): { readonly offset: number; readonly size: number }[] {
  if (header.phoff === 0) return [];
  const segments = [...programHeaders(file, header)];
  if (segments.length < header.phnum) throw Fault.of("truncated", `${file.name}: ends in a header table`);
  return segments
    .filter((segment) => segment.type === PT_NOTE)
    .map(({ offset, filesz }) => ({ offset: Number(offset), size: Number(filesz) }));
}

/** Contents of a section that has no bytes in the file (SHT_NOBITS). */
const noContents: RandomFile = bytesFile("", new Uint8Array(0));
