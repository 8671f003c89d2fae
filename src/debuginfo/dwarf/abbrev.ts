/** Abbreviation tables: the shapes of debugging information entries (DIEs). */
import { Fault } from "../../base/fault.ts";
import { DW_FORM_implicit_const, DW_FORM_ref4, DW_FORM_strp, type UnitFormat, fixedSize } from "./attribute.ts";
import { DW_AT_name, DW_AT_sibling } from "./constants.ts";
import type { Cursor } from "./cursor.ts";
import type { Section } from "./section.ts";

/** Maximum code of an abbreviation, and maximum number of its attributes; larger numbers mean damage. */
const MAX_ABBREVS = 1 << 16;
const MAX_ATTRIBUTES = 1 << 10;

/** The shape of a DIE: its tag and the names and forms of its attributes (DWARF 5, 7.5.3). */
export interface Abbrev {
  readonly tag: number;
  readonly children: boolean;
  readonly names: readonly number[];
  readonly forms: readonly number[];
  /** Constants of DW_FORM_implicit_const, by position of the attribute. */
  readonly implicit: ReadonlyMap<number, bigint> | undefined;
  /** Size of all attributes in bytes, if every form has a fixed size. */
  readonly size: number | undefined;
  /** Size in bytes of the attributes before DW_AT_sibling, if they have fixed sizes and it is a four-byte reference. */
  readonly siblingAt: number | undefined;
  /** Size in bytes of the attributes before DW_AT_name, if they have fixed sizes and it is an offset of .debug_str. */
  readonly nameAt: number | undefined;
}

/** The table at an offset of `.debug_abbrev`. Entries are read in order until the wanted code is found. */
export class AbbrevTable {
  private readonly section: Section;
  private readonly format: UnitFormat;
  /** Shapes by code. */
  private readonly known: (Abbrev | undefined)[] = [];
  /** Position after the entries that were read; undefined after the end of the table. */
  private rest: Cursor | undefined;

  constructor(section: Section, offset: number, format: UnitFormat) {
    this.section = section;
    this.format = format;
    this.rest = section.cursor(offset);
  }

  /** Returns the shape of a code. @throws Fault corrupt for a code that the table does not contain */
  get(code: number): Abbrev {
    let abbrev = this.known[code];
    while (!abbrev && this.rest) {
      this.readOne(this.rest);
      abbrev = this.known[code];
    }
    if (!abbrev) throw Fault.of("corrupt", `a DIE has abbreviation ${code}, which ${this.section.name} does not have`);
    return abbrev;
  }

  private readOne(cursor: Cursor): void {
    const code = cursor.uleb();
    if (code === 0) {
      this.rest = undefined;
      return;
    }
    if (code > MAX_ABBREVS)
      throw Fault.of(
        "corrupt",
        `${this.section.name} has an abbreviation with code ${code}; the limit is ${MAX_ABBREVS}`,
      );
    while (this.known.length < code) this.known.push(undefined);
    this.known[code] = readAbbrev(cursor, this.format);
  }
}

function readAbbrev(cursor: Cursor, format: UnitFormat): Abbrev {
  const tag = cursor.uleb();
  const children = cursor.u8() !== 0;
  const names: number[] = [];
  const forms: number[] = [];
  let implicit: Map<number, bigint> | undefined;
  for (;;) {
    const name = cursor.uleb();
    const form = cursor.uleb();
    if (form === DW_FORM_implicit_const) (implicit ??= new Map<number, bigint>()).set(names.length, cursor.bigSleb());
    if (name === 0 && form === 0) break;
    if (names.length === MAX_ATTRIBUTES)
      throw Fault.of(
        "corrupt",
        `${cursor.name} has an abbreviation with more than ${MAX_ATTRIBUTES} attributes; the debug information is damaged`,
      );
    names.push(name);
    forms.push(form);
  }
  const size = sizeBefore(names.length, forms, format);
  const siblingAt = attributeOffset(DW_AT_sibling, DW_FORM_ref4, names, forms, format);
  const nameAt = attributeOffset(DW_AT_name, DW_FORM_strp, names, forms, format);
  return { tag, children, names, forms, implicit, size, siblingAt, nameAt };
}

/**
 * Returns the size in bytes of the attributes before that name and form; undefined if it is absent or a size is not
 * fixed.
 */
function attributeOffset(
  name: number,
  form: number,
  names: readonly number[],
  forms: readonly number[],
  format: UnitFormat,
): number | undefined {
  const index = names.indexOf(name);
  return index >= 0 && forms[index] === form ? sizeBefore(index, forms, format) : undefined;
}

function sizeBefore(index: number, forms: readonly number[], format: UnitFormat): number | undefined {
  let total = 0;
  for (let i = 0; i < index; i++) {
    // 0 <= i < index <= forms.length
    const size = fixedSize(forms[i] as number, format);
    if (size === undefined) return undefined;
    total += size;
  }
  return total;
}
