/** Units of .debug_info and .debug_types. */
import { Fault } from "../../base/fault.ts";
import type { Abbrev, AbbrevTable } from "./abbrev.ts";
import { type Attribute, type UnitFormat, readAttribute } from "./attribute.ts";
import { DW_AT_addr_base, DW_AT_str_offsets_base, DW_AT_low_pc } from "./constants.ts";
import { Cursor } from "./cursor.ts";
import { type Die, DieWalk } from "./die.ts";
import type { Image } from "./image.ts";
import type { Section } from "./section.ts";

// Unit types of DWARF 5, section 7.5.1.
const DW_UT_type = 0x02;
const DW_UT_skeleton = 0x04;
const DW_UT_split_compile = 0x05;
const DW_UT_split_type = 0x06;

/** A unit: its header, and its bytes while they are in use. */
export class Unit implements UnitFormat {
  readonly image: Image;
  readonly section: Section;
  /** Offset of the header in the section, and of the end of the unit. */
  readonly offset: number;
  readonly end: number;
  readonly version: number;
  readonly addressSize: number;
  readonly offsetSize: 4 | 8;
  /** For a type unit: its signature and the offset of the type's DIE in the unit. */
  readonly signature: bigint | undefined;
  readonly typeOffset: number;
  private readonly abbrevOffset: number;
  /** Offset of the first DIE in the unit. */
  private readonly firstDie: number;
  private table: AbbrevTable | undefined;
  private temporaryBytes: Uint8Array | undefined;
  private rootAttributes: ReadonlyMap<number, Attribute> | undefined;

  /** Reads the header at `offset`. @throws Fault */
  constructor(image: Image, section: Section, offset: number) {
    this.image = image;
    this.section = section;
    this.offset = offset;
    const cursor = section.cursor(offset);
    const { offsetSize, length } = cursor.initialLength();
    this.offsetSize = offsetSize;
    this.end = cursor.offset + length;
    if (this.end > section.size)
      throw Fault.of("truncated", `${section.name} ends in the unit at 0x${offset.toString(16)}`);
    this.version = cursor.u16();
    if (this.version < 2 || this.version > 5)
      throw Fault.of("corrupt", `${section.name} has the unknown DWARF version ${this.version}`);
    let type = section === image.types ? DW_UT_type : 0;
    if (this.version >= 5) {
      type = cursor.u8();
      this.addressSize = cursor.u8();
      this.abbrevOffset = cursor.unsigned(offsetSize);
    } else {
      this.abbrevOffset = cursor.unsigned(offsetSize);
      this.addressSize = cursor.u8();
    }
    if (type === DW_UT_skeleton || type === DW_UT_split_compile) cursor.skip(8);
    const isTypeUnit = type === DW_UT_type || type === DW_UT_split_type;
    this.signature = isTypeUnit ? cursor.big64() : undefined;
    this.typeOffset = isTypeUnit ? cursor.unsigned(offsetSize) : 0;
    this.firstDie = cursor.offset - offset;
  }

  /** Size of the unit with its header in bytes. */
  get size(): number {
    return this.end - this.offset;
  }

  /** Returns the shape of DIEs with a code. @throws Fault corrupt for an unknown code */
  abbrev(code: number): Abbrev {
    return (this.table ??= this.image.abbrevs(this.abbrevOffset, this)).get(code);
  }

  /** Returns a cursor at an offset in the unit. */
  cursor(at: number): Cursor {
    return new Cursor(this.section.name, this.section.encoding, this.temporaryBytes ?? this.image.bytesOf(this), at);
  }

  /** Makes the unit read from `bytes` instead of the image's cache, for a scan of all units. */
  readFrom(bytes: Uint8Array): void {
    this.temporaryBytes = bytes;
  }

  /** Returns the DIE at an offset in the unit. @throws Fault corrupt if there is none */
  die(offset: number): Die {
    const walk = new DieWalk(this, offset);
    if (offset < this.firstDie || !walk.next()) {
      throw Fault.of("corrupt", `${this.section.name} has no DIE at 0x${(this.offset + offset).toString(16)}`);
    }
    return walk.die();
  }

  get rootDie(): Die {
    return this.die(this.firstDie);
  }

  /** Attributes of the unit's own DIE, read without the rest of the unit. */
  get root(): ReadonlyMap<number, Attribute> {
    return (this.rootAttributes ??= this.readRoot());
  }

  private readRoot(): Map<number, Attribute> {
    const cursor = this.section.cursor(this.offset + this.firstDie);
    const attributes = new Map<number, Attribute>();
    if (cursor.offset >= this.end) return attributes;
    const code = cursor.uleb();
    if (code === 0) return attributes;
    const { names, forms, implicit } = this.abbrev(code);
    // Names and forms have the same length.
    names.forEach((name, i) =>
      attributes.set(name, readAttribute(cursor, forms[i] as number, this, implicit?.get(i) ?? 0n)),
    );
    return attributes;
  }

  /** Returns an attribute of the unit's DIE that is a section offset; undefined if it is absent or of another class. */
  rootOffset(name: number): number | undefined {
    const attribute = this.root.get(name);
    if (attribute?.kind === "offset") return attribute.value;
    return attribute?.kind === "constant" ? Number(attribute.value) : undefined;
  }

  /** The base of range and location lists, a distance. */
  get lowPc(): number {
    return this.address(this.root.get(DW_AT_low_pc)) ?? this.section.encoding.addressing.distance(0n);
  }

  text(attribute: Attribute | undefined): string | undefined {
    switch (attribute?.kind) {
      case "text":
        return attribute.value;
      case "textAt":
        return this.image.text(attribute.section, attribute.offset);
      case "textIndex":
        return this.image.text("str", this.textOffset(attribute.index));
      default:
        return undefined;
    }
  }

  /** Returns the offset in .debug_str of an indexed string. */
  textOffset(index: number): number {
    const header = this.offsetSize === 8 ? 16 : 8;
    const base = this.rootOffset(DW_AT_str_offsets_base) ?? (this.version >= 5 ? header : 0);
    return this.image.strOffsets.cursor(base + index * this.offsetSize).unsigned(this.offsetSize);
  }

  address(attribute: Attribute | undefined): number | undefined {
    if (attribute?.kind === "address") return attribute.value;
    return attribute?.kind === "addressIndex" ? this.indexedAddress(attribute.index) : undefined;
  }

  /** Returns an entry of .debug_addr. */
  indexedAddress(index: number): number {
    const base = this.rootOffset(DW_AT_addr_base) ?? (this.offsetSize === 8 ? 16 : 8);
    return this.image.addr.cursor(base + index * this.addressSize).address(this.addressSize);
  }

  /**
   * Returns the DIE that an attribute refers to; undefined if it is not a reference. @throws Fault if the DIE or its
   * file is missing
   */
  referred(attribute: Attribute | undefined): Die | undefined {
    switch (attribute?.kind) {
      case "local":
        return this.die(attribute.offset);
      case "global":
        return this.image.dieAt(attribute.offset);
      case "alternate":
        return this.image.alternateImage().dieAt(attribute.offset);
      case "signature":
        return this.image.typeOf(attribute.value);
      default:
        return undefined;
    }
  }
}
