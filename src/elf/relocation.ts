/** Applies relocations to sections of relocatable files. */
import { viewOf } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import type { RandomFile } from "../base/file.ts";
import { partitionPoint } from "../base/search.ts";
import { ET_REL, type ElfFile, type ElfSection, SHT_REL, SHT_RELA } from "./elf.ts";
import type { ElfRelocation } from "../arch/elfMachine.ts";
import { elfMachineOf } from "../arch/architectures.ts";
import { ascending } from "../base/ascending.ts";
import { type Placement, sectionAddress } from "./placement.ts";

/**
 * Presents a section of a relocatable file as if it were loaded: relocations are applied to the bytes of each read.
 * Sections of a linked file are unchanged, because the `.rela` sections that a vmlinux may keep are already applied.
 * @throws Fault from reads: unknown for a relocation type that does not occur in debug sections, corrupt for an invalid
 * one
 */
export function relocated(elf: ElfFile, section: ElfSection, placement?: Placement): RandomFile {
  const contents = elf.contents(section);
  if (elf.type !== ET_REL) return contents;
  const relocations = elf.sections.find(
    ({ type, info }) => (type === SHT_RELA || type === SHT_REL) && info === section.index,
  );
  if (!relocations) return contents;
  let patches: Relocations | undefined;
  return {
    name: contents.name,
    size: contents.size,
    read(offset, length) {
      patches ??= new Relocations(elf, section, relocations, placement);
      // Read a wider range, because a relocation can straddle the edge.
      const start = Math.max(0, offset - MARGIN_BYTES);
      const bytes = contents.read(start, offset - start + length + MARGIN_BYTES);
      patches.apply(bytes, start);
      return bytes.subarray(offset - start, offset - start + length);
    },
    close() {},
  };
}

/** Maximum number of bytes that a relocation writes: a ULEB128 number of 64 bits. */
const MARGIN_BYTES = 10;

class Relocations {
  private readonly elf: ElfFile;
  private readonly name: string;
  private readonly table: DataView;
  private readonly withAddend: boolean;
  private readonly entry: number;
  private readonly count: number;
  /** Order by offset in the section; undefined if the table is sorted, as it usually is. */
  private readonly order: Uint32Array | undefined;
  private readonly symbols: SymbolValues;
  private readonly place: bigint;
  private readonly rules: Readonly<Record<number, ElfRelocation>>;

  constructor(elf: ElfFile, section: ElfSection, relocations: ElfSection, placement?: Placement) {
    this.elf = elf;
    this.name = `${elf.file.name} ${relocations.name}`;
    this.table = viewOf(elf.contents(relocations).read(0, relocations.size));
    this.withAddend = relocations.type === SHT_RELA;
    this.entry = (this.withAddend ? 3 : 2) * elf.wordSize;
    this.count = Math.floor(this.table.byteLength / this.entry);
    this.symbols = new SymbolValues(elf, elf.sections[relocations.link], placement);
    this.place = sectionAddress(elf, section, placement) ?? 0n;
    const known = elfMachineOf(elf.machine)?.relocations;
    if (!known) throw Fault.of("unknown", `${this.name}: relocations of machine ${elf.machine} are not known`);
    this.rules = known;
    this.order = this.sorted();
  }

  private sorted(): Uint32Array | undefined {
    let before = -1;
    for (let i = 0; i < this.count; i++) {
      const offset = this.word(i * this.entry);
      if (offset < before)
        return ascending(Float64Array.from({ length: this.count }, (_, at) => this.word(at * this.entry)));
      before = offset;
    }
    return undefined;
  }

  private word(at: number): number {
    const little = this.elf.byteOrder === "little";
    if (this.elf.wordSize === 4) return this.table.getUint32(at, little);
    const high = this.table.getUint32(at + (little ? 4 : 0), little);
    return high * 0x100000000 + this.table.getUint32(at + (little ? 0 : 4), little);
  }

  private at(rank: number): number {
    return (this.order ? (this.order[rank] ?? 0) : rank) * this.entry;
  }

  /** Patches `bytes`, which begin at `start` of the section. */
  apply(bytes: Uint8Array, start: number): void {
    const first = partitionPoint(this.count, (rank) => this.word(this.at(rank)) < start);
    const view = viewOf(bytes);
    for (let rank = first; rank < this.count; rank++) {
      const at = this.at(rank);
      const offset = this.word(at) - start;
      if (offset >= bytes.length) return;
      this.patch(view, offset, at, start);
    }
  }

  private patch(view: DataView, offset: number, at: number, start: number): void {
    const { wordSize } = this.elf;
    const little = this.elf.byteOrder === "little";
    // Elf64 packs symbol and type as 32 + 32 bits, Elf32 as 24 + 8.
    const info = this.word(at + wordSize);
    const type = wordSize === 8 ? info % 0x100000000 : info & 0xff;
    const symbol = wordSize === 8 ? Math.floor(info / 0x100000000) : info >>> 8;
    const rule = this.rules[type];
    if (!rule)
      throw Fault.of("unknown", `${this.name}: relocation type ${type} of machine ${this.elf.machine} is not known`);
    if (rule.size === 0 || offset + rule.size > view.byteLength) return;
    const addendAt = at + 2 * wordSize;
    const addend = !this.withAddend ? stored(view, offset, rule.size, little) : wordSize === 8 ? this.table.getBigInt64(addendAt, little) : BigInt(this.table.getInt32(addendAt, little)); // prettier-ignore
    const target = this.symbols.value(symbol) + addend - (rule.relative ? this.place + BigInt(start + offset) : 0n);
    write(view, offset, rule, target, little);
  }
}

/** Writes the value of a relocation in the form and in the way that its type has. */
function write(view: DataView, at: number, rule: ElfRelocation, target: bigint, little: boolean): void {
  const combined = (old: bigint): bigint =>
    rule.combine === undefined ? target : rule.combine === "add" ? old + target : old - target;
  if (rule.form === "ULEB128") return writeUleb(view, at, combined);
  if (rule.form === "six bits") {
    const byte = view.getUint8(at);
    view.setUint8(at, (byte & 0xc0) | Number(BigInt.asUintN(6, combined(BigInt(byte & 0x3f)))));
  } else store(view, at, rule.size, combined(rule.combine ? stored(view, at, rule.size, little) : 0n), little);
}

/** Replaces a ULEB128 number, without a change of its length. */
function writeUleb(view: DataView, at: number, combined: (old: bigint) => bigint): void {
  const limit = Math.min(view.byteLength, at + MARGIN_BYTES);
  let [end, old] = [at, 0n];
  do old |= BigInt(view.getUint8(end) & 0x7f) << BigInt(7 * (end - at));
  while ((view.getUint8(end++) & 0x80) !== 0 && end < limit);
  const value = BigInt.asUintN(7 * (end - at), combined(old));
  for (let i = at; i < end; i++) {
    const more = view.getUint8(i) & 0x80;
    view.setUint8(i, more | Number((value >> BigInt(7 * (i - at))) & 0x7fn));
  }
}

/** The values of the symbols to which relocations refer. Debug sections and unplaced sections start at 0. */
class SymbolValues {
  private readonly elf: ElfFile;
  private readonly table: DataView;
  private readonly places: readonly bigint[];

  constructor(elf: ElfFile, table: ElfSection | undefined, placement?: Placement) {
    this.elf = elf;
    this.table = viewOf(table ? elf.contents(table).read(0, table.size) : new Uint8Array(0));
    this.places = elf.sections.map((section) => sectionAddress(elf, section, placement) ?? 0n);
  }

  value(index: number): bigint {
    const is64Bit = this.elf.wordSize === 8;
    const little = this.elf.byteOrder === "little";
    const at = index * (is64Bit ? 24 : 16);
    if (at + (is64Bit ? 24 : 16) > this.table.byteLength) {
      throw Fault.of(
        "corrupt",
        `${this.elf.file.name}: a relocation refers to symbol ${index}, which the symbol table does not have`,
      );
    }
    const section = this.table.getUint16(at + (is64Bit ? 6 : 14), little);
    const value = is64Bit ? this.table.getBigUint64(at + 8, little) : BigInt(this.table.getUint32(at + 4, little));
    return value + (this.places[section] ?? 0n);
  }
}

function stored(view: DataView, at: number, size: number, little: boolean): bigint {
  if (size === 8) return view.getBigInt64(at, little);
  if (size === 4) return BigInt(view.getInt32(at, little));
  return BigInt(size === 2 ? view.getInt16(at, little) : view.getInt8(at));
}

function store(view: DataView, at: number, size: number, value: bigint, little: boolean): void {
  if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, value), little);
  else if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), little);
  else if (size === 2) view.setUint16(at, Number(BigInt.asUintN(16, value)), little);
  else view.setUint8(at, Number(BigInt.asUintN(8, value)));
}
