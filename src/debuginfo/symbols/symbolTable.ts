/** Reads `.symtab` sections. */
import { viewOf } from "../../base/bytes.ts";
import type { Addressing } from "../addressing.ts";
import { elfMachineOf } from "../../arch/architectures.ts";
import { ET_REL, type ElfFile, type ElfSection, SHT_SYMTAB } from "../../elf/elf.ts";
import { ascending, permuted } from "../../base/ascending.ts";
import { type Placement, sectionAddress } from "../../elf/placement.ts";

/** Values from the System V gABI, "Symbol Table". */
export const STT_FUNC = 2;
const STT_SECTION = 3;
const STT_FILE = 4;
const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;
const SHN_COMMON = 0xfff2;

/** Number of entries read at once. */
const CHUNK = 1 << 15;

/**
 * The symbols of `.symtab` by ascending address, equal ones in file order, in columns. Without section, file, mapping
 * and undefined symbols.
 */
export interface SymbolTable {
  /** Distances in the image's `Addressing`. */
  readonly address: Float64Array;
  readonly name: Uint32Array;
  readonly size: Uint32Array;
  readonly section: Uint16Array;
  readonly info: Uint8Array;
}

export const emptyTable = (capacity: number): SymbolTable => ({
  address: new Float64Array(capacity),
  name: new Uint32Array(capacity),
  size: new Uint32Array(capacity),
  section: new Uint16Array(capacity),
  info: new Uint8Array(capacity),
});

/** A table under construction. */
interface Filling extends SymbolTable {
  count: number;
  readonly names: Uint8Array;
}

/** Finds the sections of symbols and of their names; undefined if there are none. */
export function symbolSections(elf: ElfFile): { readonly table: ElfSection; readonly strings: ElfSection } | undefined {
  const table = elf.sections.find((section) => section.type === SHT_SYMTAB);
  const strings = table && elf.sections[table.link];
  return table && strings && { table, strings };
}

/**
 * Reads the symbol table. Symbols of sections that `placement` does not know are omitted. @param names contents of the
 * string section of the table @throws Fault when the section cannot be decompressed
 */
export function readSymbolTable(
  elf: ElfFile,
  table: ElfSection,
  names: Uint8Array,
  addressing: Addressing,
  placement?: Placement,
): SymbolTable {
  const entry = elf.wordSize === 8 ? 24 : 16;
  const contents = elf.contents(table);
  const symbols: Filling = { ...emptyTable(Math.floor(contents.size / entry)), count: 0, names };
  const places = sectionPlaces(elf, addressing, placement);
  // The first entry is reserved.
  for (let start = entry; start + entry <= contents.size; start += CHUNK * entry) {
    fill(symbols, contents.read(start, CHUNK * entry), elf, addressing, places);
  }
  const order = ascending(symbols.address.subarray(0, symbols.count));
  const { address, name, size, section, info } = symbols;
  return {
    address: permuted(address, order),
    name: permuted(name, order),
    size: permuted(size, order),
    section: permuted(section, order),
    info: permuted(info, order),
  };
}

function fill(symbols: Filling, entries: Uint8Array, elf: ElfFile, addressing: Addressing, places: Places): void {
  const is64Bit = elf.wordSize === 8;
  const little = elf.byteOrder === "little";
  const view = viewOf(entries);
  const { mappingSymbols, thumbBit } = elfMachineOf(elf.machine) ?? {};
  for (let at = 0; at + (is64Bit ? 24 : 16) <= view.byteLength; at += is64Bit ? 24 : 16) {
    const info = view.getUint8(at + (is64Bit ? 4 : 12));
    const type = info & 15;
    const section = view.getUint16(at + (is64Bit ? 6 : 14), little);
    if (section === SHN_UNDEF || type === STT_SECTION || type === STT_FILE) continue;
    const name = view.getUint32(at, little);
    if (!(name < symbols.names.length) || symbols.names[name] === 0) continue;
    if (mappingSymbols && isMappingSymbol(symbols.names, name)) continue;
    const place = section < SHN_LORESERVE ? places[section] : section === SHN_COMMON ? undefined : 0;
    if (place === undefined) continue;
    const valueAt = at + (is64Bit ? 8 : 4);
    const high = is64Bit ? view.getUint32(valueAt + (little ? 4 : 0), little) : 0;
    let low = view.getUint32(valueAt + (is64Bit && !little ? 4 : 0), little);
    // The lowest bit of an Arm function address means Thumb and is not part of the address.
    if (thumbBit && type === STT_FUNC) low -= low & 1;
    const i = symbols.count++;
    symbols.name[i] = name;
    symbols.address[i] = addressing.join(high, low) + place;
    symbols.size[i] = view.getUint32(at + (is64Bit ? (little ? 16 : 20) : 8), little);
    symbols.info[i] = info;
    symbols.section[i] = section;
  }
}

type Places = readonly (number | undefined)[];

/** Returns what to add to a symbol's value, by section; undefined for a section that was not loaded. */
function sectionPlaces(elf: ElfFile, addressing: Addressing, placement?: Placement): Places {
  if (elf.type !== ET_REL) return elf.sections.map(() => 0);
  return elf.sections.map((section) => {
    const address = sectionAddress(elf, section, placement);
    return address === undefined ? undefined : addressing.distance(address) - addressing.distance(0n);
  });
}

/**
 * Whether a name is a mapping symbol: `$a`, `$d`, `$t` or `$x`, possibly with a suffix, at a boundary of instructions
 * and data (ELF for the Arm architectures).
 */
function isMappingSymbol(names: Uint8Array, at: number): boolean {
  if (names[at] !== 0x24) return false;
  const letter = String.fromCharCode(names[at + 1] ?? 0);
  const after = names[at + 2];
  if (!"adtx".includes(letter)) return false;
  // On RISC-V the instruction set may follow: `$xrv64i2p1`.
  return after === 0 || after === 0x2e || (after === 0x72 && names[at + 3] === 0x76);
}
