/** Finds names of file scope in DWARF. */
import { cString } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { lastAtOrBelow } from "../../base/search.ts";
import type { TypeKind } from "../ctype.ts";
import { nameHash } from "../symbols/nameIndex.ts";
import type { Abbrev } from "./abbrev.ts";
import {
  DW_AT_abstract_origin,
  DW_AT_declaration,
  DW_AT_name,
  DW_AT_specification,
  DW_TAG_base_type,
  DW_TAG_class_type,
  DW_TAG_enumeration_type,
  DW_TAG_structure_type,
  DW_TAG_subprogram,
  DW_TAG_typedef,
  DW_TAG_union_type,
  DW_TAG_variable,
} from "./constants.ts";
import type { Die, DieWalk } from "./die.ts";
import type { Image } from "./image.ts";
import { NameTable, type SectionSizes } from "./nameTable.ts";
import type { Section } from "./section.ts";
import { Unit } from "./unit.ts";

export type NamedKind = TypeKind | "variable" | "function";

/** Kinds; the index is a kind's number in the table. The number of a declaration is higher by DECLARED. */
const KINDS: readonly NamedKind[] = ["struct", "union", "enum", "typedef", "int", "variable", "function"];
const DECLARED = 128;

const kindOfTag = new Map<number, NamedKind>([
  [DW_TAG_structure_type, "struct"],
  [DW_TAG_class_type, "struct"],
  [DW_TAG_union_type, "union"],
  [DW_TAG_enumeration_type, "enum"],
  [DW_TAG_typedef, "typedef"],
  [DW_TAG_base_type, "int"],
  [DW_TAG_variable, "variable"],
  [DW_TAG_subprogram, "function"],
]);

/** Number of bytes of units that are read at once. */
const BUFFER_BYTES = 1 << 20;

/** Names shorter than this many bytes can be inline in their DIE. Longer names are in .debug_str. */
const INLINE_BYTES = 8;

const encoder = new TextEncoder();

/**
 * Minimum number of bytes of .debug_info whose scan is saved, because saving a smaller one takes longer than the scan.
 */
const WORTH_SAVING = 8 << 20;

/**
 * The names of file scope in an image, and their DIEs. Units are scanned in order, only as far as a lookup needs, and
 * each only once, also across sessions if the result is saved. Finding a type that the first files of a kernel include
 * takes milliseconds. Finding that a name does not exist scans all of .debug_info, once: about 0.5 s for 160 MB.
 */
export class Names {
  private readonly image: Image;
  private readonly section: Section;
  private table = new NameTable();
  /**
   * Names in the table, by number of the kind. Thousands of units declare the same name, which is added once. Filled at
   * the first scan.
   */
  private added: Map<number, Set<number | string>> | undefined;
  /** Offsets of the scanned units and of the next one. */
  private scanned: number[] = [];
  private next = 0;
  /** Saved value of `next`. */
  private saved = 0;
  private source: (() => Uint8Array | undefined) | undefined;
  private buffer: Uint8Array = new Uint8Array(0);
  private bufferAt = 0;
  private strings: Buffer | undefined;

  /**
   * @param section .debug_info or .debug_types of the image @param saved result of `save` in another session; damaged
   *   or foreign data is ignored
   */
  constructor(image: Image, section = image.info, saved?: () => Uint8Array | undefined) {
    this.image = image;
    this.section = section;
    this.source = saved;
  }

  /** Loads the saved table at the first lookup, because many sessions need no names. */
  private restore(): void {
    const bytes = this.source?.();
    this.source = undefined;
    const known = bytes && attempt(() => NameTable.load(bytes, this.sizes));
    if (!known || known instanceof Fault) return;
    this.table = known.table;
    this.scanned = known.scanned;
    this.next = this.saved = known.next;
  }

  /** Returns the table to save; undefined if it has little more than what was restored. */
  save(): Uint8Array<ArrayBuffer> | undefined {
    const [reached, before] = [this.next, this.saved].map((offset) => Math.min(offset, this.section.size)) as [number, number]; // prettier-ignore
    const isWhole = reached === this.section.size && before < reached;
    if (reached - before < WORTH_SAVING && !isWhole) return undefined;
    this.saved = this.next;
    return this.table.save(this.sizes, this.scanned, this.next);
  }

  private get sizes(): SectionSizes {
    return { infoSize: this.section.size, strSize: this.image.str.size };
  }

  /**
   * Returns the DIE of a name, a definition before a declaration; undefined if there is none. @param isEnough returns
   * whether a declaration ends the search; the default is never @throws Fault
   */
  find(kind: NamedKind, name: string, isEnough: (declaration: Die) => boolean = () => false): Die | undefined {
    const bytes = encoder.encode(name);
    const hash = nameHash(bytes, 0, bytes.length);
    this.restore();
    let possible: boolean | undefined;
    for (;;) {
      const defined = this.findAdded(hash, kind, bytes, false);
      if (defined) return defined;
      const declared = this.findAdded(hash, kind, bytes, true);
      if (declared && isEnough(declared)) return declared;
      possible ??= bytes.length < INLINE_BYTES || this.text.includes(Buffer.from(`${name}\0`));
      if (!possible || !this.scanUnit()) return declared;
    }
  }

  private findAdded(hash: number, kind: NamedKind, name: Uint8Array, declared: boolean): Die | undefined {
    const { table } = this;
    const wanted = KINDS.indexOf(kind) + (declared ? DECLARED : 0);
    for (let i = table.newest(hash); i >= 0; i = table.after(i)) {
      if (table.kind(i) === wanted && this.hasText(table.text(i), name)) return this.dieAt(table.die(i));
    }
    return undefined;
  }

  private hasText(text: number | string, name: Uint8Array): boolean {
    if (typeof text === "string") return Buffer.compare(encoder.encode(text), name) === 0;
    return this.text[text + name.length] === 0 && this.text.subarray(text, text + name.length).equals(name);
  }

  /** All of .debug_str. */
  private get text(): Buffer {
    return (this.strings ??= Buffer.from(this.image.str.bytes(0, this.image.str.size).buffer));
  }

  /** Returns a DIE of a scanned unit. */
  private dieAt(offset: number): Die {
    const unit = this.image.unitAt(this.scanned[lastAtOrBelow(this.scanned, offset)] ?? 0, this.section);
    return unit.die(offset - unit.offset);
  }

  /**
   * Yields all names of types: first those of scanned units, then those of the others as they are scanned. @throws
   * Fault
   */
  *types(): Generator<{ readonly kind: TypeKind; readonly name: string }> {
    this.restore();
    const yielded = new Set<string>();
    for (let i = 0; i < this.table.count || this.scanUnit();) {
      // A unit can add no names.
      if (i >= this.table.count) continue;
      const [kind, text] = [KINDS[this.table.kind(i) % DECLARED], this.table.text(i)];
      i++;
      if (kind === undefined || kind === "variable" || kind === "function") continue;
      const name = typeof text === "string" ? text : cString(this.text, text);
      const key = `${kind} ${name}`;
      if (yielded.has(key)) continue;
      yielded.add(key);
      yield { kind, name };
    }
  }

  /**
   * Scans one more unit. A damaged unit, or one that refers to a missing file, hides only its own names. A damaged
   * header hides all later units. @returns false if there is no further unit
   */
  scanUnit(): boolean {
    if (this.next >= this.section.size) return false;
    const unit = attempt(() => this.bufferedUnit(this.next));
    if (unit instanceof Fault) {
      this.next = Infinity;
      return false;
    }
    this.next = unit.end;
    this.scanned.push(unit.offset);
    attempt(() => {
      for (const walk = unit.rootDie.children(); walk.next();) this.add(walk, walk.abbrev);
    });
    return true;
  }

  /** Returns the unit at an offset, which reads from the buffer. Fills the buffer if the unit is not in it. */
  private bufferedUnit(offset: number): Unit {
    const { section } = this;
    const unit = new Unit(this.image, section, offset);
    if (unit.end > this.bufferAt + this.buffer.length) {
      this.bufferAt = offset;
      this.buffer = section.bytes(offset, Math.max(unit.size, Math.min(BUFFER_BYTES, section.size - offset)));
    }
    unit.readFrom(this.buffer.subarray(offset - this.bufferAt, unit.end - this.bufferAt));
    return unit;
  }

  private add(walk: DieWalk, abbrev: Abbrev): void {
    const kind = kindOfTag.get(abbrev.tag);
    if (kind === undefined) return;
    const text = walk.nameOffset() ?? attempt(() => this.unusualName(walk.die()));
    if (text === undefined || text instanceof Fault) return;
    const number = KINDS.indexOf(kind) + (abbrev.names.includes(DW_AT_declaration) ? DECLARED : 0);
    const added = this.addedTexts(number);
    if (added.has(text)) return;
    added.add(text);
    const hash =
      typeof text === "string" ? nameHash(encoder.encode(text), 0, Infinity) : nameHash(this.text, text, Infinity);
    this.table.add(hash, number, text, walk.unit.offset + walk.offset);
  }

  private addedTexts(kind: number): Set<number | string> {
    if (!this.added) {
      this.added = new Map();
      for (let i = 0; i < this.table.count; i++) this.addedTexts(this.table.kind(i)).add(this.table.text(i));
    }
    let texts = this.added.get(kind);
    if (!texts) this.added.set(kind, (texts = new Set()));
    return texts;
  }

  private unusualName(die: Die): number | string | undefined {
    const { names } = die.abbrev;
    // An instance of an inline function is not its definition.
    if (names.includes(DW_AT_abstract_origin)) return undefined;
    if (!names.includes(DW_AT_name) && !names.includes(DW_AT_specification)) return undefined;
    const holder = die.holder(DW_AT_name);
    const attribute = holder?.attribute(DW_AT_name);
    if (attribute?.kind === "textAt" && attribute.section === "str") return attribute.offset;
    if (attribute?.kind === "textIndex") return holder?.unit.textOffset(attribute.index);
    return holder?.unit.text(attribute);
  }
}
