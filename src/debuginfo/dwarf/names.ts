import type { TypeKind } from "../ctype.ts";
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
import { Unit } from "./unit.ts";

export type NamedKind = TypeKind | "variable" | "function";

const kinds: readonly NamedKind[] = ["struct", "union", "enum", "typedef", "int", "variable", "function"];

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

/** Read at once from .debug_info. */
const STRETCH = 1 << 20;

/** What is declared but not defined is kept apart: it answers only when nothing better turns up. */
interface Found {
  readonly defined: Map<number | string, number>;
  readonly declared: Map<number | string, number>;
}

/**
 * Names of file scope and the DIEs that they are of. Units are passed through in order, no farther than the question
 * needs, and none twice: finding a type that the first files of a kernel include takes milliseconds, learning that a
 * name is in no unit takes a passage through all of .debug_info, some 0.5 s for 160 MB, once.
 */
export class Names {
  private readonly image: Image;
  /** By kind and by offset in .debug_str, which merges equal texts, or by text where a DIE has its name in place. */
  private readonly found: ReadonlyMap<NamedKind, Found>;
  /** Offsets of the units that were passed, and of the next one. */
  private readonly passed: number[] = [];
  private next = 0;
  private stretch: Uint8Array = new Uint8Array(0);
  private stretchAt = 0;
  private strings: Buffer | undefined;

  constructor(image: Image) {
    this.image = image;
    this.found = new Map(kinds.map((kind) => [kind, { defined: new Map<number | string, number>(), declared: new Map<number | string, number>() }])); // prettier-ignore
  }

  /**
   * The DIE of that name; a definition before a declaration.
   * @param enough whether a declaration will do, so that the search ends with it
   * @throws Fault
   */
  find(kind: NamedKind, name: string, enough: (declaration: Die) => boolean = () => false): Die | undefined {
    const keys = this.keys(name);
    if (keys.length === 0) return undefined;
    for (;;) {
      const defined = this.known(kind, "defined", keys);
      if (defined) return defined;
      const declared = this.known(kind, "declared", keys);
      if (declared && enough(declared)) return declared;
      if (!this.passUnit()) return declared;
    }
  }

  private known(kind: NamedKind, state: keyof Found, keys: readonly (number | string)[]): Die | undefined {
    for (const key of keys) {
      const offset = this.found.get(kind)?.[state].get(key);
      if (offset !== undefined) return this.dieAt(offset);
    }
    return undefined;
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
    const unit = this.image.unitAt(this.passed[low - 1] ?? 0);
    return unit.die(offset - unit.offset);
  }

  /** What DIEs of that name may be filed under. Empty when no DIE can have it. */
  private keys(name: string): (number | string)[] {
    this.strings ??= Buffer.from(this.image.str.bytes(0, this.image.str.size).buffer);
    const pattern = Buffer.from(`${name}\0`);
    const keys: (number | string)[] = [];
    for (let at = this.strings.indexOf(pattern); at >= 0; at = this.strings.indexOf(pattern, at + 1)) keys.push(at);
    // Compilers write a name in place where it is shorter than an offset; else only assemblers do.
    if (keys.length === 0 && name.length >= 8) return [];
    return [...keys, name];
  }

  /** Every name of types, after a passage through what is left of .debug_info. @throws Fault */
  *types(): Generator<{ readonly kind: TypeKind; readonly name: string }> {
    while (this.passUnit());
    for (const [kind, { defined, declared }] of this.found) {
      if (kind === "variable" || kind === "function") continue;
      const names = new Set<string>();
      for (const key of [...defined.keys(), ...declared.keys()]) {
        names.add(typeof key === "string" ? key : this.image.str.text(key));
      }
      for (const name of names) yield { kind, name };
    }
  }

  /** Files what one more unit declares; false when there is none. */
  passUnit(): boolean {
    const { info } = this.image;
    if (this.next >= info.size) return false;
    const unit = new Unit(this.image, info, this.next);
    if (unit.end > this.stretchAt + this.stretch.length) {
      this.stretchAt = unit.offset;
      this.stretch = info.bytes(unit.offset, Math.max(unit.size, Math.min(STRETCH, info.size - unit.offset)));
    }
    unit.lend(this.stretch.subarray(unit.offset - this.stretchAt, unit.end - this.stretchAt));
    this.next = unit.end;
    this.passed.push(unit.offset);
    for (const walk = unit.rootDie.children(); walk.next();) this.file(walk, walk.abbrev);
    return true;
  }

  private file(walk: DieWalk, abbrev: Abbrev): void {
    const kind = kindOfTag.get(abbrev.tag);
    if (kind === undefined) return;
    const key = walk.nameOffset() ?? this.unusualName(walk.die());
    if (key === undefined) return;
    const names = this.found.get(kind)?.[abbrev.names.includes(DW_AT_declaration) ? "declared" : "defined"];
    if (names && !names.has(key)) names.set(key, walk.unit.offset + walk.offset);
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
