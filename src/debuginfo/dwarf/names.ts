import { cString } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { TypeKind } from "../ctype.ts";
import { nameHash } from "../nameIndex.ts";
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
import type { Section } from "./section.ts";
import { Unit } from "./unit.ts";

export type NamedKind = TypeKind | "variable" | "function";

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

/** Bytes read at once. */
const STRETCH = 1 << 20;

/** Compilers write a name in place only where it is shorter than an offset; what is longer stands in .debug_str. */
const IN_PLACE = 8;

const encoder = new TextEncoder();

/** A name of file scope. */
interface Entry {
  readonly kind: NamedKind;
  /** Only declared: answers when nothing better turns up. */
  readonly declared: boolean;
  /** Offset in .debug_str, or the text where the DIE has it in place. */
  readonly text: number | string;
  /** Offset of the DIE in the section. */
  readonly die: number;
  /** The entry before this one with the same hash. */
  readonly before: Entry | undefined;
}

/**
 * Names of file scope and the DIEs that they are of. Units are passed through in order, no farther than the question
 * needs, and none twice: finding a type that the first files of a kernel include takes milliseconds, learning that a
 * name is in no unit takes a passage through all of .debug_info, some 0.5 s for 160 MB, once.
 */
export class Names {
  private readonly image: Image;
  private readonly section: Section;
  private readonly entries: Entry[] = [];
  private readonly byHash = new Map<number, Entry>();
  /** What has been filed, by kind and text: thousands of units declare the same. */
  private readonly filed = new Map<string, Set<number | string>>();
  /** Offsets of the units that were passed, and of the next one. */
  private readonly passed: number[] = [];
  private next = 0;
  private stretch: Uint8Array = new Uint8Array(0);
  private stretchAt = 0;
  private strings: Buffer | undefined;

  /** @param section .debug_info of the image, or its .debug_types */
  constructor(image: Image, section = image.info) {
    this.image = image;
    this.section = section;
  }

  /**
   * The DIE of that name; a definition before a declaration.
   * @param enough whether a declaration will do, so that the search ends with it
   * @throws Fault
   */
  find(kind: NamedKind, name: string, enough: (declaration: Die) => boolean = () => false): Die | undefined {
    const bytes = encoder.encode(name);
    const hash = nameHash(bytes, 0, bytes.length);
    let possible: boolean | undefined;
    for (;;) {
      const defined = this.filedDie(hash, kind, bytes, false);
      if (defined) return defined;
      const declared = this.filedDie(hash, kind, bytes, true);
      if (declared && enough(declared)) return declared;
      possible ??= bytes.length < IN_PLACE || this.text.includes(Buffer.from(`${name}\0`));
      if (!possible || !this.passUnit()) return declared;
    }
  }

  private filedDie(hash: number, kind: NamedKind, name: Uint8Array, declared: boolean): Die | undefined {
    for (let entry = this.byHash.get(hash); entry; entry = entry.before) {
      if (entry.kind === kind && entry.declared === declared && this.hasText(entry, name)) return this.dieAt(entry.die);
    }
    return undefined;
  }

  private hasText({ text }: Entry, name: Uint8Array): boolean {
    if (typeof text === "string") return Buffer.compare(encoder.encode(text), name) === 0;
    return this.text[text + name.length] === 0 && this.text.subarray(text, text + name.length).equals(name);
  }

  /** All of .debug_str. */
  private get text(): Buffer {
    return (this.strings ??= Buffer.from(this.image.str.bytes(0, this.image.str.size).buffer));
  }

  /** A DIE of a unit that was passed. */
  private dieAt(offset: number): Die {
    let low = 0;
    let high = this.passed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // 0 <= middle < passed.length
      if ((this.passed[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    const unit = this.image.unitAt(this.passed[low - 1] ?? 0, this.section);
    return unit.die(offset - unit.offset);
  }

  /** Every name of types, as units are passed: the first come at once. @throws Fault */
  *types(): Generator<{ readonly kind: TypeKind; readonly name: string }> {
    const given = new Set<string>();
    for (let i = 0; i < this.entries.length || this.passUnit();) {
      const entry = this.entries[i];
      // A unit may have nothing new to tell.
      if (!entry) continue;
      i++;
      if (entry.kind === "variable" || entry.kind === "function") continue;
      const name = typeof entry.text === "string" ? entry.text : cString(this.text, entry.text);
      const key = `${entry.kind} ${name}`;
      if (given.has(key)) continue;
      given.add(key);
      yield { kind: entry.kind, name };
    }
  }

  /**
   * Files what one more unit declares; false when there is none. A unit that is broken, or refers to a file that was
   * not given, hides names of its own; a broken header hides the units behind it, whose places it would have told.
   */
  passUnit(): boolean {
    if (this.next >= this.section.size) return false;
    const unit = attempt(() => this.lentUnit(this.next));
    if (unit instanceof Fault) {
      this.next = Infinity;
      return false;
    }
    this.next = unit.end;
    this.passed.push(unit.offset);
    attempt(() => {
      for (const walk = unit.rootDie.children(); walk.next();) this.file(walk, walk.abbrev);
    });
    return true;
  }

  /** A unit that reads from the stretch. */
  private lentUnit(offset: number): Unit {
    const { section } = this;
    const unit = new Unit(this.image, section, offset);
    if (unit.end > this.stretchAt + this.stretch.length) {
      this.stretchAt = offset;
      this.stretch = section.bytes(offset, Math.max(unit.size, Math.min(STRETCH, section.size - offset)));
    }
    unit.lend(this.stretch.subarray(offset - this.stretchAt, unit.end - this.stretchAt));
    return unit;
  }

  private file(walk: DieWalk, abbrev: Abbrev): void {
    const kind = kindOfTag.get(abbrev.tag);
    if (kind === undefined) return;
    const text = walk.nameOffset() ?? attempt(() => this.unusualName(walk.die()));
    if (text === undefined || text instanceof Fault) return;
    const declared = abbrev.names.includes(DW_AT_declaration);
    const group = declared ? `declared ${kind}` : kind;
    let filed = this.filed.get(group);
    if (!filed) this.filed.set(group, (filed = new Set()));
    if (filed.has(text)) return;
    filed.add(text);
    const hash =
      typeof text === "string" ? nameHash(encoder.encode(text), 0, Infinity) : nameHash(this.text, text, Infinity);
    const before = this.byHash.get(hash);
    const entry = { kind, declared, text, die: walk.unit.offset + walk.offset, before };
    this.byHash.set(hash, entry);
    this.entries.push(entry);
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
