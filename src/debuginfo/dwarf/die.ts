/** Debugging information entries (DIEs) and their attributes. */
import { Fault } from "../../base/fault.ts";
import type { Abbrev } from "./abbrev.ts";
import { type Attribute, readAttribute, skipAttribute } from "./attribute.ts";
import { DW_AT_abstract_origin, DW_AT_sibling, DW_AT_specification } from "./constants.ts";
import type { Cursor } from "./cursor.ts";
import type { Unit } from "./unit.ts";

/**
 * Maximum length of a chain of references: a concrete inline instance refers to its abstract one, that to a
 * declaration. Real chains have two or three links.
 */
const MAX_ORIGINS = 16;

/** A DIE: its position and its shape. Attributes are read when needed. */
export class Die {
  readonly unit: Unit;
  /** Offset from the start of the unit's header. */
  readonly offset: number;
  readonly abbrev: Abbrev;
  private readonly attributesAt: number;

  constructor(unit: Unit, offset: number, abbrev: Abbrev, attributesAt: number) {
    this.unit = unit;
    this.offset = offset;
    this.abbrev = abbrev;
    this.attributesAt = attributesAt;
  }

  get tag(): number {
    return this.abbrev.tag;
  }

  has(name: number): boolean {
    return this.abbrev.names.includes(name);
  }

  /** Reads an attribute; undefined if the DIE does not have it. @throws Fault */
  attribute(name: number): Attribute | undefined {
    const { names, forms, implicit } = this.abbrev;
    const index = names.indexOf(name);
    if (index < 0) return undefined;
    const cursor = this.unit.cursor(this.attributesAt);
    // Names and forms have the same length.
    for (let i = 0; i < index; i++) skipAttribute(cursor, forms[i] as number, this.unit);
    return readAttribute(cursor, forms[index] as number, this.unit, implicit?.get(index) ?? 0n);
  }

  /** Returns a constant or section offset as a number; undefined if the attribute is absent or of another kind. */
  number(name: number): number | undefined {
    const attribute = this.attribute(name);
    if (attribute?.kind === "constant") return Number(attribute.value);
    return attribute?.kind === "offset" ? attribute.value : undefined;
  }

  flag(name: number): boolean {
    const attribute = this.attribute(name);
    return attribute?.kind === "flag" && attribute.value;
  }

  text(name: number): string | undefined {
    return this.unit.text(this.attribute(name));
  }

  /** Returns the address in an attribute as a distance from the base of the image; see Addressing. */
  address(name: number): number | undefined {
    return this.unit.address(this.attribute(name));
  }

  /**
   * Returns the DIE that an attribute refers to; undefined without the attribute. @throws Fault corrupt if the DIE does
   * not exist
   */
  die(name: number): Die | undefined {
    return this.unit.referred(this.attribute(name));
  }

  /**
   * Returns the DIE that has the attribute: this one, or the first in its chain of abstract origins and specifications;
   * undefined if none has it.
   */
  holder(name: number): Die | undefined {
    if (this.has(name)) return this;
    let die = this.origin();
    for (let links = 0; die && links < MAX_ORIGINS; links++) {
      if (die.has(name)) return die;
      die = die.origin();
    }
    return undefined;
  }

  private origin(): Die | undefined {
    return this.die(DW_AT_abstract_origin) ?? this.die(DW_AT_specification);
  }

  /** Returns a walk over the children. */
  children(): DieWalk {
    return new DieWalk(this.unit, this.abbrev.children ? this.attributesEnd() : this.unit.size);
  }

  private attributesEnd(): number {
    const cursor = this.unit.cursor(this.attributesAt);
    skipAttributes(cursor, this.abbrev, this.unit);
    return cursor.at;
  }
}

function skipAttributes(cursor: Cursor, abbrev: Abbrev, unit: Unit): void {
  if (abbrev.size !== undefined) return cursor.skip(abbrev.size);
  for (const form of abbrev.forms) skipAttribute(cursor, form, unit);
}

/**
 * Steps over the DIEs of one level. Tag, shape and offset of the current DIE are available without creating an object
 * for each.
 */
export class DieWalk {
  readonly unit: Unit;
  offset = 0;
  private readonly cursor: Cursor;
  private attributesAt = 0;
  private current: Abbrev | undefined;

  /** @param at offset of the first DIE of the level from the start of the unit */
  constructor(unit: Unit, at: number) {
    this.unit = unit;
    this.cursor = unit.cursor(at);
  }

  /** Shape of the current DIE. Valid only after `next` returned true. */
  get abbrev(): Abbrev {
    if (!this.current) throw new Error("no current DIE");
    return this.current;
  }

  /** Moves to the next DIE of the level; false at the end, after which it must not be called. @throws Fault */
  next(): boolean {
    if (this.current) this.skipTree(this.current);
    this.current = this.enter();
    return this.current !== undefined;
  }

  die(): Die {
    return new Die(this.unit, this.offset, this.abbrev, this.attributesAt);
  }

  /**
   * Returns the offset in .debug_str of the current DIE's name; undefined if the name has another form or follows an
   * attribute without a fixed size.
   */
  nameOffset(): number | undefined {
    const { cursor, abbrev } = this;
    if (abbrev.nameAt === undefined) return undefined;
    const start = cursor.at;
    cursor.skip(abbrev.nameAt);
    const offset = cursor.unsigned(this.unit.offsetSize);
    cursor.at = start;
    return offset;
  }

  /**
   * Reads the code of the DIE at the cursor and returns its shape; undefined for the entry that ends a level, and at
   * the end of the unit.
   */
  private enter(): Abbrev | undefined {
    const { cursor } = this;
    if (cursor.at >= cursor.end) return undefined;
    this.offset = cursor.at;
    const code = cursor.uleb();
    this.attributesAt = cursor.at;
    return code === 0 ? undefined : this.unit.abbrev(code);
  }

  /** Moves from the attributes of a DIE to the end of its last descendant. */
  private skipTree(abbrev: Abbrev): void {
    const { cursor } = this;
    if (this.skipDie(abbrev)) return;
    for (let depth = 1; depth > 0 && cursor.at < cursor.end;) {
      const inner = this.enter();
      if (!inner) depth--;
      else if (!this.skipDie(inner)) depth++;
    }
  }

  /**
   * Moves from the attributes of a DIE to the DIE after its last descendant, if it has no children or says where that is.
   * Otherwise moves to its first child and returns false.
   */
  private skipDie(abbrev: Abbrev): boolean {
    const { cursor, unit } = this;
    if (!abbrev.children) {
      skipAttributes(cursor, abbrev, unit);
      return true;
    }
    const sibling = this.sibling(abbrev);
    if (sibling === undefined) {
      skipAttributes(cursor, abbrev, unit);
      return false;
    }
    if (sibling <= this.offset || sibling > cursor.end) {
      throw Fault.of(
        "corrupt",
        `${cursor.name}: the DIE at 0x${this.offset.toString(16)} has a sibling before itself or outside of its unit`,
      );
    }
    cursor.at = sibling;
    return true;
  }

  private sibling(abbrev: Abbrev): number | undefined {
    if (abbrev.siblingAt !== undefined) {
      const start = this.cursor.at;
      this.cursor.skip(abbrev.siblingAt);
      const sibling = this.cursor.u32();
      this.cursor.at = start;
      return sibling;
    }
    if (!abbrev.names.includes(DW_AT_sibling)) return undefined;
    const reference = new Die(this.unit, this.offset, abbrev, this.attributesAt).attribute(DW_AT_sibling);
    return reference?.kind === "local" ? reference.offset : undefined;
  }
}
