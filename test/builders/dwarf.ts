import type { ByteOrder } from "../../src/base/bytes.ts";
import { type Dwarf, type DwarfOptions, openDwarf } from "../../src/debuginfo/dwarf/dwarf.ts";
import { type ElfFile, openElf } from "../../src/elf/elf.ts";
import { ByteWriter } from "./byteWriter.ts";
import { type BuiltElf, type BuiltSection, elfFile, TEXT } from "./elf.ts";

export * as at from "../../src/debuginfo/dwarf/constants.ts";

/** Forms by the letters after DW_FORM_. */
export const form = {
  addr: 0x01, block2: 0x03, block4: 0x04, data2: 0x05, data4: 0x06, data8: 0x07, string: 0x08, block: 0x09, block1: 0x0a,
  data1: 0x0b, flag: 0x0c, sdata: 0x0d, strp: 0x0e, udata: 0x0f, ref_addr: 0x10, ref1: 0x11, ref2: 0x12, ref4: 0x13,
  ref8: 0x14, indirect: 0x16, sec_offset: 0x17, exprloc: 0x18, flag_present: 0x19, strx: 0x1a, addrx: 0x1b,
  ref_sup4: 0x1c, strp_sup: 0x1d, data16: 0x1e, line_strp: 0x1f, ref_sig8: 0x20, implicit_const: 0x21, loclistx: 0x22,
  rnglistx: 0x23, strx1: 0x25, strx2: 0x26, strx3: 0x27, strx4: 0x28, addrx1: 0x29, addrx2: 0x2a, addrx3: 0x2b,
  addrx4: 0x2c, GNU_ref_alt: 0x1f20, GNU_strp_alt: 0x1f21,
} as const; // prettier-ignore

export type FormName = keyof typeof form;
export type AttributeValue = number | bigint | string | boolean | readonly number[] | BuiltDie;
export type BuiltAttribute = readonly [name: number, form: FormName, value: AttributeValue];

/** A DIE to be; attributes may refer to others by the object. */
export interface BuiltDie {
  readonly tag: number;
  readonly attributes: readonly BuiltAttribute[];
  readonly children: readonly BuiltDie[];
}

export const die = (tag: number, attributes: readonly BuiltAttribute[] = [], children: readonly BuiltDie[] = []): BuiltDie => ({ tag, attributes, children }); // prettier-ignore

export interface DwarfShape {
  readonly version?: 2 | 3 | 4 | 5;
  readonly order?: ByteOrder;
  readonly addressSize?: 4 | 8;
  readonly offsetSize?: 4 | 8;
  /** Writes DW_AT_sibling into DIEs with children, as GCC does. */
  readonly siblings?: boolean;
}

const DW_AT_sibling = 0x01;
const DW_UT_compile = 1;
const DW_UT_type = 2;

/** Writes .debug_info and its companions one unit at a time. */
export class DwarfBuilder {
  readonly shape: Required<DwarfShape>;
  readonly str: ByteWriter;
  readonly lineStr: ByteWriter;
  private readonly info: ByteWriter;
  private readonly typeUnits: ByteWriter;
  private readonly abbrev: ByteWriter;
  private readonly others: BuiltSection[] = [];
  private readonly texts = new Map<string, number>();
  /** Where each DIE is in .debug_info. */
  private readonly places = new Map<BuiltDie, { unit: number; at: number }>();

  constructor(shape: DwarfShape = {}) {
    this.shape = { version: 5, order: "little", addressSize: 8, offsetSize: 4, siblings: true, ...shape };
    const { order } = this.shape;
    this.info = new ByteWriter(order);
    this.typeUnits = new ByteWriter(order);
    this.abbrev = new ByteWriter(order);
    this.str = new ByteWriter(order).u8(0);
    this.lineStr = new ByteWriter(order).u8(0);
  }

  writer(): ByteWriter {
    return new ByteWriter(this.shape.order);
  }

  /** Offset in .debug_str; equal texts are merged. */
  text(text: string): number {
    let at = this.texts.get(text);
    if (at === undefined) {
      this.texts.set(text, (at = this.str.length));
      this.str.text(text);
    }
    return at;
  }

  /** Offset in .debug_info of a DIE written before. */
  offsetOf(built: BuiltDie): number {
    return this.places.get(built)!.at;
  }

  section(name: string, bytes: Uint8Array): this {
    this.others.push({ name, bytes });
    return this;
  }

  /** A unit length and what it counts. */
  sized(content: (out: ByteWriter) => void): Uint8Array {
    const body = this.writer();
    content(body);
    const out = this.writer();
    if (this.shape.offsetSize === 8) out.u32(0xffffffff);
    return out.int(this.shape.offsetSize, body.length).append(body.done()).done();
  }

  /** Writes a compile unit; gives its offset in .debug_info. */
  unit(root: BuiltDie, type?: { readonly signature: bigint; readonly die: BuiltDie }): number {
    const { version, addressSize, offsetSize } = this.shape;
    const out = type && version < 5 ? this.typeUnits : this.info;
    const start = out.length;
    const headerSize =
      (offsetSize === 8 ? 12 : 4) + 2 + (version >= 5 ? 2 : 1) + offsetSize + (type ? 8 + offsetSize : 0);
    const abbrevOffset = this.abbrev.length;
    // Sizes do not depend on where DIEs are: the first pass places them, the second writes.
    const place = new UnitWriter(this, start, headerSize, this.places);
    place.die(root);
    const write = new UnitWriter(this, start, headerSize, this.places);
    write.die(root);
    this.abbrev.append(write.abbrevs.done()).u8(0);
    out.append(
      this.sized((body) => {
        body.u16(version);
        if (version >= 5) body.u8(type ? DW_UT_type : DW_UT_compile, addressSize).int(offsetSize, abbrevOffset);
        else body.int(offsetSize, abbrevOffset).u8(addressSize);
        if (type) body.u64(type.signature).int(offsetSize, this.places.get(type.die)!.at - start);
        body.append(write.out.done());
      }),
    );
    return start;
  }

  sections(): BuiltSection[] {
    return [
      { name: ".debug_info", bytes: this.info.done() },
      { name: ".debug_types", bytes: this.typeUnits.done() },
      { name: ".debug_abbrev", bytes: this.abbrev.done() },
      { name: ".debug_str", bytes: this.str.done() },
      { name: ".debug_line_str", bytes: this.lineStr.done() },
      ...this.others,
    ].filter(({ bytes }) => bytes && bytes.length > 0);
  }

  elf(more: BuiltElf = {}): ElfFile {
    const { order, addressSize } = this.shape;
    const code: BuiltSection = { name: ".text", flags: TEXT, address: CODE, bytes: new Uint8Array(CODE_SIZE) };
    const sections = [...(more.sections ?? [code]), ...this.sections()];
    return openElf(elfFile({ order, wordSize: addressSize, ...more, sections }));
  }

  open(options: DwarfOptions = {}, more: BuiltElf = {}): Dwarf {
    return openDwarf(this.elf(more), options);
  }
}

/** Where the built images have their code. */
export const CODE = 0x81000000n;
export const CODE_SIZE = 0x1000;

/** Writes the DIEs of one unit and the abbreviations that they need, one each. */
class UnitWriter {
  readonly out: ByteWriter;
  readonly abbrevs: ByteWriter;
  private code = 0;
  private readonly builder: DwarfBuilder;
  private readonly start: number;
  private readonly headerSize: number;
  private readonly places: Map<BuiltDie, { unit: number; at: number }>;

  constructor(
    builder: DwarfBuilder,
    start: number,
    headerSize: number,
    places: Map<BuiltDie, { unit: number; at: number }>,
  ) {
    // prettier-ignore
    this.builder = builder;
    this.start = start;
    this.headerSize = headerSize;
    this.places = places;
    this.out = builder.writer();
    this.abbrevs = builder.writer();
  }

  die(built: BuiltDie): void {
    const { tag, attributes, children } = built;
    this.places.set(built, { unit: this.start, at: this.start + this.headerSize + this.out.length });
    const withSibling = this.builder.shape.siblings && children.length > 0;
    this.abbrevs
      .uleb(++this.code)
      .uleb(tag)
      .u8(children.length > 0 ? 1 : 0);
    this.out.uleb(this.code);
    if (withSibling) this.abbrevs.uleb(DW_AT_sibling).uleb(form.ref4);
    const siblingAt = this.out.length;
    if (withSibling) this.out.u32(0);
    for (const [name, formName, value] of attributes) {
      this.abbrevs.uleb(name).uleb(form[formName]);
      if (formName === "implicit_const") this.abbrevs.sleb(value as number);
      else this.value(formName, value);
    }
    this.abbrevs.u8(0, 0);
    for (const child of children) this.die(child);
    if (children.length > 0) this.out.u8(0);
    if (withSibling) this.out.patch(siblingAt, 4, this.headerSize + this.out.length);
  }

  /** 0 for a DIE that the first pass has not come to. */
  private place(value: AttributeValue, whole: boolean): number {
    if (typeof value === "number") return value;
    const found = this.places.get(value as BuiltDie);
    return found ? found.at - (whole ? 0 : this.start) : 0;
  }

  private value(name: FormName, value: AttributeValue): void {
    const { out, builder } = this;
    const { addressSize, offsetSize, version } = builder.shape;
    const text = typeof value === "string" ? value : "";
    const number = typeof value === "number" || typeof value === "bigint" ? value : 0;
    const bytes = Array.isArray(value) ? (value as readonly number[]) : [];
    switch (name) {
      case "addr":
        out.int(addressSize, number);
        break;
      case "data1": case "flag": case "strx1": case "addrx1":
        out.u8(Number(value));
        break;
      case "data2": case "strx2": case "addrx2":
        out.u16(Number(number));
        break;
      case "strx3": case "addrx3":
        out.int(3, number);
        break;
      case "data4": case "strx4": case "addrx4": case "ref_sup4":
        out.u32(number);
        break;
      case "data8": case "ref_sig8":
        out.u64(number);
        break;
      case "sdata":
        out.sleb(number);
        break;
      case "udata": case "strx": case "addrx": case "loclistx": case "rnglistx":
        out.uleb(number);
        break;
      case "string":
        out.text(text);
        break;
      case "strp":
        out.int(offsetSize, typeof value === "number" ? value : builder.text(text));
        break;
      case "line_strp": case "strp_sup": case "GNU_strp_alt": case "GNU_ref_alt": case "sec_offset":
        out.int(offsetSize, number);
        break;
      case "ref_addr":
        out.int(version <= 2 ? addressSize : offsetSize, this.place(value, true));
        break;
      case "ref1":
        out.u8(this.place(value, false));
        break;
      case "ref2":
        out.u16(this.place(value, false));
        break;
      case "ref4":
        out.u32(this.place(value, false));
        break;
      case "ref8":
        out.u64(this.place(value, false));
        break;
      case "exprloc": case "block":
        out.uleb(bytes.length).append(bytes);
        break;
      case "block1":
        out.u8(bytes.length).append(bytes);
        break;
      case "block2":
        out.u16(bytes.length).append(bytes);
        break;
      case "block4":
        out.u32(bytes.length).append(bytes);
        break;
      case "data16":
        out.append(bytes);
        break;
      case "indirect":
        out.uleb(form.udata).uleb(number);
        break;
      case "flag_present": case "implicit_const":
        break;
    } // prettier-ignore
  }
}

export interface BuiltLines {
  readonly version?: 2 | 3 | 4 | 5;
  /** From index 1; index 0 is the compilation directory. */
  readonly directories?: readonly string[];
  readonly files: readonly (readonly [name: string, directory: number])[];
  readonly minimumLength?: number;
  /** Of each file, in hexadecimal: version 5 only, as clang writes it. */
  readonly md5?: readonly string[];
}

/** A line table: the program is written by the caller. Files count from 0 in version 5, from 1 before. */
export function lineTable(builder: DwarfBuilder, lines: BuiltLines, program: (out: ByteWriter) => void): Uint8Array {
  const { version = 5, directories = [], files, minimumLength = 1, md5 } = lines;
  const { offsetSize, addressSize } = builder.shape;
  return builder.sized((out) => {
    out.u16(version);
    if (version >= 5) out.u8(addressSize, 0);
    const rest = builder.writer();
    rest.u8(minimumLength);
    if (version >= 4) rest.u8(1);
    rest.u8(1, -5, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1);
    if (version >= 5) {
      rest.u8(1, 1, form.string).uleb(directories.length + 1).text("/build"); // prettier-ignore
      for (const directory of directories) rest.text(directory);
      rest.u8(md5 ? 3 : 2, 1, form.string, 2, form.udata);
      if (md5) rest.u8(5, form.data16);
      rest.uleb(files.length);
      files.forEach(([name, directory], i) => {
        rest.text(name).uleb(directory);
        if (md5) rest.append(Buffer.from(md5[i] ?? "", "hex"));
      });
    } else {
      for (const directory of directories) rest.text(directory);
      rest.u8(0);
      for (const [name, directory] of files) rest.text(name).uleb(directory).uleb(0).uleb(0);
      rest.u8(0);
    }
    out.int(offsetSize, rest.length).append(rest.done());
    program(out);
  });
}
