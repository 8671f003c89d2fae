/** The DWARF sections of one file. */
import { Fault } from "../../base/fault.ts";
import { Lru } from "../../base/lru.ts";
import { addressingOf } from "../addressing.ts";
import type { ElfFile } from "../../elf/elf.ts";
import { lastAtOrBelow } from "../../base/search.ts";
import type { Placement } from "../../elf/placement.ts";
import { relocated } from "../../elf/relocation.ts";
import type { TypeSource } from "../source.ts";
import { AbbrevTable } from "./abbrev.ts";
import type { TextSection, UnitFormat } from "./attribute.ts";
import { DW_AT_stmt_list } from "./constants.ts";
import type { Encoding } from "./cursor.ts";
import type { Die } from "./die.ts";
import { type LineTable, readLines } from "./lines/line.ts";
import { Section } from "./section.ts";
import { Unit } from "./unit.ts";

/** Number of units whose bytes are cached; a unit of a kernel has about 60 KiB. */
const UNITS_KEPT = 128;
/** Number of abbreviation tables that are cached. */
const TABLES_KEPT = 64;

/** The DWARF sections of one file and the units in them. */
export class Image {
  readonly encoding: Encoding;
  readonly info: Section;
  readonly types: Section;
  readonly abbrev: Section;
  readonly str: Section;
  readonly lineStr: Section;
  readonly strOffsets: Section;
  readonly addr: Section;
  readonly line: Section;
  readonly aranges: Section;
  readonly ranges: Section;
  readonly rnglists: Section;
  readonly loc: Section;
  readonly loclists: Section;
  readonly frame: Section;
  /** Looks up the definition of a struct that a unit only declares. */
  definition: TypeSource["find"] = () => undefined;
  /** The file to which `dwz` moved common parts. */
  readonly alternate: Image | undefined;
  private readonly opened = new Map<number, Unit>();
  private readonly openedTypes = new Map<number, Unit>();
  private readonly bytes = new Lru<Unit, Uint8Array>(UNITS_KEPT);
  private readonly lines = new Lru<Unit, LineTable>(UNITS_KEPT);
  private readonly tables = new Lru<string, AbbrevTable>(TABLES_KEPT);
  private offsets: Float64Array | undefined;
  private signatures: Map<bigint, Unit> | undefined;

  constructor(elf: ElfFile, placement: Placement | undefined, alternate: Image | undefined) {
    this.encoding = { little: elf.byteOrder === "little", addressing: addressingOf(elf, placement) };
    const section = (name: string): Section => openSection(elf, name, this.encoding, placement);
    this.info = section("info");
    this.types = section("types");
    this.abbrev = section("abbrev");
    this.str = section("str");
    this.lineStr = section("line_str");
    this.strOffsets = section("str_offsets");
    this.addr = section("addr");
    this.line = section("line");
    this.aranges = section("aranges");
    this.ranges = section("ranges");
    this.rnglists = section("rnglists");
    this.loc = section("loc");
    this.loclists = section("loclists");
    this.frame = section("frame");
    this.alternate = alternate;
  }

  /** Returns the unit whose header is at an offset of .debug_info or .debug_types. @throws Fault */
  unitAt(offset: number, section = this.info): Unit {
    const opened = section === this.info ? this.opened : this.openedTypes;
    let unit = opened.get(offset);
    if (!unit) opened.set(offset, (unit = new Unit(this, section, offset)));
    return unit;
  }

  /** Yields all units of .debug_info or .debug_types in order. @throws Fault at a header that cannot be read */
  *units(section = this.info): Generator<Unit> {
    for (let offset = 0; offset < section.size;) {
      const unit = this.unitAt(offset, section);
      yield unit;
      offset = unit.end;
    }
  }

  /** Returns the DIE at an offset of .debug_info. @throws Fault corrupt */
  dieAt(offset: number): Die {
    this.offsets ??= Float64Array.from(this.units(), (unit) => unit.offset);
    const unit = this.unitAt(this.offsets[lastAtOrBelow(this.offsets, offset)] ?? 0);
    if (offset >= unit.end) throw Fault.of("corrupt", `${this.info.name} has no DIE at 0x${offset.toString(16)}`);
    return unit.die(offset - unit.offset);
  }

  /** Returns the DIE of the type with a signature. @throws Fault unknown */
  typeOf(signature: bigint): Die {
    if (!this.signatures) {
      this.signatures = new Map();
      for (const section of [this.types, this.info]) {
        for (const unit of this.units(section)) {
          if (unit.signature !== undefined) this.signatures.set(unit.signature, unit);
        }
      }
    }
    const unit = this.signatures.get(signature);
    if (!unit) throw Fault.of("unknown", `no type unit has the signature 0x${signature.toString(16)}`);
    return unit.die(unit.typeOffset);
  }

  /** Returns the alternate (dwz) file. @throws Fault unknown if it was not given */
  alternateImage(): Image {
    if (!this.alternate)
      throw Fault.of("unknown", "the debug information refers to a supplementary file, which was not given");
    return this.alternate;
  }

  text(section: TextSection, offset: number): string {
    if (section === "alternate") return this.alternateImage().str.text(offset);
    return (section === "str" ? this.str : this.lineStr).text(offset);
  }

  /** Reads the bytes of a unit with its header. */
  bytesOf(unit: Unit): Uint8Array {
    let bytes = this.bytes.get(unit);
    if (!bytes) this.bytes.set(unit, (bytes = unit.section.bytes(unit.offset, unit.size)));
    return bytes;
  }

  /** Returns the unit's line table; undefined if it has none. @throws Fault */
  linesOf(unit: Unit): LineTable | undefined {
    const offset = unit.rootOffset(DW_AT_stmt_list);
    if (offset === undefined) return undefined;
    let lines = this.lines.get(unit);
    if (!lines) this.lines.set(unit, (lines = readLines(unit, offset)));
    return lines;
  }

  /**
   * Returns the abbreviation table at an offset. Compilers write one per unit; with link-time optimization units share
   * one.
   */
  abbrevs(offset: number, format: UnitFormat): AbbrevTable {
    const key = `${offset} ${format.version} ${format.addressSize} ${format.offsetSize}`;
    let table = this.tables.get(key);
    if (!table) this.tables.set(key, (table = new AbbrevTable(this.abbrev, offset, format)));
    return table;
  }
}

function openSection(elf: ElfFile, name: string, encoding: Encoding, placement: Placement | undefined): Section {
  const section = elf.section(`.debug_${name}`) ?? elf.section(`.zdebug_${name}`);
  return new Section(`.debug_${name}`, encoding, section && relocated(elf, section, placement));
}
