/** Symbols of a vmlinux or module. */
import { cString } from "../../base/bytes.ts";
import { type Addressing, addressingOf } from "../addressing.ts";
import { type ElfFile, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS } from "../../elf/elf.ts";
import { NameIndex, nameHash } from "./nameIndex.ts";
import { isEndMark } from "./linkerMark.ts";
import { lastAtOrBelow } from "../../base/search.ts";
import { type Placement, sectionAddress } from "../../elf/placement.ts";
import type { KSymbol, SymbolSource } from "../source.ts";
import { loadSymbols, saveSymbols } from "./savedSymbols.ts";
import {
  emptyTable,
  readSymbolTable,
  SHN_LORESERVE,
  STT_FUNC,
  symbolSections,
  type SymbolTable,
} from "./symbolTable.ts";

/** Values from the System V gABI, "Symbol Table", and its GNU extensions. */
const STB_LOCAL = 0;
const STB_WEAK = 2;
const STB_GNU_UNIQUE = 10;
const STT_OBJECT = 1;
const STT_GNU_IFUNC = 10;

/** Maximum number of bytes of a name that are hashed. */
const MAX_NAME = 4096;
/** Maximum size in bytes of the padding after a function: functions are aligned to a page at most. */
const MAX_FILL = 4096;
/** Maximum number of labels within one function of assembly when looking for the function. */
const MAX_LABELS = 64;

const known = new WeakMap<ElfFile, ElfSymbols>();

/**
 * Returns the symbols of a vmlinux or module as `nm` lists them. Calls for the same file without `placement` return the
 * same object. @param placement runtime addresses of a relocatable file's sections; symbols of sections without one are
 * omitted @param saved result of `save` for the same file in another session; invalid data is ignored @throws Fault
 * when the table cannot be read
 */
export function elfSymbols(elf: ElfFile, placement?: Placement, saved?: Uint8Array): ElfSymbols {
  if (placement) return new ElfSymbols(elf, placement);
  let symbols = known.get(elf);
  if (!symbols) known.set(elf, (symbols = new ElfSymbols(elf, undefined, saved)));
  return symbols;
}

export class ElfSymbols implements SymbolSource {
  readonly name: string;
  private readonly table: SymbolTable;
  private readonly names: Uint8Array;
  private readonly addressing: Addressing;
  /** nm's letter for a local symbol of each section, and the end of each section. */
  private readonly letters: readonly string[];
  private readonly ends: readonly number[];
  /** Addresses of the sorted table, as distances. An index in it is called a rank. */
  private readonly keys: Float64Array;
  private byName: NameIndex | undefined;
  /** Sizes of the sections of the table, which identify saved data. */
  private readonly sizes: readonly [number, number];
  private isSaved: boolean;

  constructor(elf: ElfFile, placement: Placement | undefined, saved?: Uint8Array) {
    this.name = elf.file.name;
    this.addressing = addressingOf(elf, placement);
    const sections = symbolSections(elf);
    this.names = sections ? elf.contents(sections.strings).read(0, sections.strings.size) : new Uint8Array(0);
    this.sizes = [sections?.table.size ?? 0, this.names.length];
    const restored = saved && loadSymbols(saved, this.sizes);
    this.isSaved = restored !== undefined;
    this.byName = restored?.byName;
    this.table =
      restored?.table ??
      (sections ? readSymbolTable(elf, sections.table, this.names, this.addressing, placement) : emptyTable(0));
    this.keys = this.table.address;
    this.letters = sectionLetters(elf);
    this.ends = elf.sections.map((section) => {
      const start = sectionAddress(elf, section, placement);
      return start === undefined ? -Infinity : this.addressing.distance(start) + section.size;
    });
  }

  /** Returns the table, for `elfSymbols` of the same file; undefined if it is already saved. */
  save(): Uint8Array<ArrayBuffer> | undefined {
    if (this.isSaved) return undefined;
    this.isSaved = true;
    this.byName ??= this.indexNames();
    return saveSymbols(this.table, this.byName, this.sizes);
  }

  named(name: string): readonly KSymbol[] {
    this.byName ??= this.indexNames();
    const found: KSymbol[] = [];
    for (const rank of this.byName.candidates(nameHash(new TextEncoder().encode(name), 0, MAX_NAME))) {
      const symbol = this.symbol(rank);
      if (symbol.name === name) found.push(symbol);
    }
    return found;
  }

  /** Indexes the names, from the last symbol to the first, so that candidates are in address order. */
  private indexNames(): NameIndex {
    const index = new NameIndex(this.keys.length);
    for (let rank = this.keys.length - 1; rank >= 0; rank--) {
      index.add(nameHash(this.names, this.table.name[rank] ?? 0, MAX_NAME), rank);
    }
    return index;
  }

  at(address: bigint): KSymbol | undefined {
    const key = this.addressing.distance(address);
    const rank = this.preferred(lastAtOrBelow(this.keys, key));
    if (!(rank >= 0 && key < this.end(rank) && this.reaches(rank, key))) return undefined;
    const object = this.objectOf(rank);
    const symbol = this.symbol(rank);
    return object === undefined ? symbol : { ...symbol, object: cString(this.names, this.table.name[object] ?? 0) };
  }

  /** Returns the symbol with a size at the address of one without; undefined if there is none. */
  private objectOf(rank: number): number | undefined {
    if (this.table.size[rank] !== 0) return undefined;
    const last = Math.min(rank + MAX_LABELS, this.keys.length);
    for (let at = rank + 1; at < last && this.keys[at] === this.keys[rank]; at++)
      if ((this.table.size[at] ?? 0) > 0) return at;
    for (let at = rank - 1; at >= 0 && at > rank - MAX_LABELS && this.keys[at] === this.keys[rank]; at--)
      if ((this.table.size[at] ?? 0) > 0) return at;
    return undefined;
  }

  /**
   * Returns the symbol whose size includes `address`, otherwise the nearest. Assembly has labels without a size inside
   * functions, such as entry_SYSCALL_64_after_hwframe.
   */
  covering(address: bigint): KSymbol | undefined {
    const key = this.addressing.distance(address);
    const nearest = lastAtOrBelow(this.keys, key);
    for (let rank = nearest; rank >= 0 && rank > nearest - MAX_LABELS; rank--) {
      if (key < (this.keys[rank] ?? 0) + (this.table.size[rank] ?? 0)) return this.symbol(this.preferred(rank));
    }
    return this.at(address);
  }

  /**
   * Whether the object of a symbol can extend to an address: an object ends at its size, and nothing belongs to a mark
   * at the end of a section.
   */
  private reaches(rank: number, key: number): boolean {
    const [offset, size] = [key - (this.keys[rank] ?? 0), this.table.size[rank] ?? 0];
    const type = (this.table.info[rank] ?? 0) & 15;
    if (offset === 0) return true;
    // The gap after a function is padding, not code of another function.
    if (this.letters[this.table.section[rank] ?? 0] === "t") return size === 0 || offset < size + MAX_FILL;
    if (type === STT_OBJECT && size > 0) return offset < size;
    return size > 0 || !isEndMark(cString(this.names, this.table.name[rank] ?? 0));
  }

  /**
   * Chooses among the symbols at the address of this one: a global function, otherwise the first that names an object
   * or code, otherwise the first.
   */
  private preferred(rank: number): number {
    let first = rank;
    let naming: number | undefined;
    let best: number | undefined;
    for (let at = rank; at >= 0 && this.keys[at] === this.keys[rank]; at--) {
      first = at;
      if (this.namesSomething(at)) naming = at;
      if (this.isGlobalFunction(at)) best = at;
    }
    return best ?? naming ?? first;
  }

  /**
   * Whether a symbol names an object or code, not a boundary. Second names of objects from the linker script have no
   * size (`jiffies = jiffies_64`, arch/x86/kernel/vmlinux.lds.S), but type and binding of the object.
   */
  private namesSomething(rank: number): boolean {
    const info = this.table.info[rank] ?? 0;
    if ((this.table.size[rank] ?? 0) > 0) return true;
    if (info >> 4 === STB_LOCAL || (info & 15) !== STT_OBJECT) return false;
    return !cString(this.names, this.table.name[rank] ?? 0).endsWith("_end");
  }

  private isGlobalFunction(rank: number): boolean {
    const info = this.table.info[rank] ?? 0;
    return info >> 4 !== STB_LOCAL && (info & 15) === STT_FUNC;
  }

  /**
   * Returns the latest possible end of a symbol's object, a distance: the end of its section or of its size, whichever
   * is higher.
   */
  private end(rank: number): number {
    return Math.max(
      this.ends[this.table.section[rank] ?? 0] ?? -Infinity,
      (this.keys[rank] ?? 0) + (this.table.size[rank] ?? 0),
    );
  }

  /** Yields all symbols in address order. Distances wrap at 2^64: the lowest addresses can have the highest ranks. */
  *all(): Generator<KSymbol> {
    const zero = this.addressing.distance(0n);
    const first = lastAtOrBelow(this.keys, zero - 1) + 1;
    const count = this.keys.length;
    for (let i = 0; i < count; i++) yield this.symbol((first + i) % count);
  }

  private symbol(rank: number): KSymbol {
    return {
      name: cString(this.names, this.table.name[rank] ?? 0),
      address: this.addressing.address(this.keys[rank] ?? 0),
      size: (this.table.size[rank] ?? 0) || this.gap(rank),
      type: this.letter(rank),
    };
  }

  /** Returns the number of bytes to the next higher symbol, or to the end of the section. */
  private gap(rank: number): number {
    const start = this.keys[rank] ?? 0;
    let next = rank + 1;
    while (next < this.keys.length && this.keys[next] === start) next++;
    const size = Math.min(this.keys[next] ?? Infinity, this.end(rank)) - start;
    return size > 0 && Number.isSafeInteger(size) ? size : 0;
  }

  private letter(rank: number): string {
    const info = this.table.info[rank] ?? 0;
    const section = this.table.section[rank] ?? 0;
    const binding = info >> 4;
    const type = info & 15;
    if (type === STT_GNU_IFUNC) return "i";
    if (binding === STB_WEAK) return type === STT_OBJECT ? "V" : "W";
    if (binding === STB_GNU_UNIQUE) return "u";
    const letter = section >= SHN_LORESERVE ? "a" : (this.letters[section] ?? "?");
    return binding === STB_LOCAL ? letter : letter.toUpperCase();
  }
}

function sectionLetters(elf: ElfFile): string[] {
  return elf.sections.map(({ name, type, flags }) => {
    if (!(flags & SHF_ALLOC)) return name.startsWith(".debug") ? "N" : "n";
    if (flags & SHF_EXECINSTR) return "t";
    if (type === SHT_NOBITS) return "b";
    return flags & SHF_WRITE ? "d" : "r";
  });
}
