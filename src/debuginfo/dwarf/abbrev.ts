import { Fault } from "../../base/fault.ts";
import { DW_FORM_implicit_const, DW_FORM_ref4, DW_FORM_strp, type UnitFormat, fixedSize } from "./attribute.ts";
import { DW_AT_name, DW_AT_sibling } from "./constants.ts";
import type { Section } from "./section.ts";

/** Abbreviations a table can have, and attributes one can have, before it is a lie. */
const MAX_ABBREVS = 1 << 16;
const MAX_ATTRIBUTES = 1 << 10;

/** The shape of a DIE: its tag and the names and forms of its attributes (DWARF 5, 7.5.3). */
export interface Abbrev {
  readonly tag: number;
  readonly children: boolean;
  readonly names: readonly number[];
  readonly forms: readonly number[];
  /** Constants of DW_FORM_implicit_const, by position. */
  readonly implicit: ReadonlyMap<number, bigint> | undefined;
  /** Bytes of all attributes, when every form has a fixed size. */
  readonly size: number | undefined;
  /** Bytes of the attributes before DW_AT_sibling, when they have fixed sizes and it is a four-byte reference. */
  readonly siblingAt: number | undefined;
  /** Bytes of the attributes before DW_AT_name, when they have fixed sizes and it is an offset of .debug_str. */
  readonly nameAt: number | undefined;
}

/** By abbreviation code. */
export type AbbrevTable = readonly (Abbrev | undefined)[];

/**
 * Reads the table at an offset of `.debug_abbrev`.
 * @throws Fault
 */
export function readAbbrevs(section: Section, offset: number, format: UnitFormat): AbbrevTable {
  const cursor = section.cursor(offset);
  const table: (Abbrev | undefined)[] = [];
  for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
    if (code > MAX_ABBREVS) throw Fault.of("corrupt", `${section.name} has an abbreviation with code ${code}`);
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
      if (names.length === MAX_ATTRIBUTES) throw Fault.of("corrupt", `${section.name} has an abbreviation without end`);
      names.push(name);
      forms.push(form);
    }
    const size = sizeBefore(names.length, forms, format);
    const siblingAt = placeOf(DW_AT_sibling, DW_FORM_ref4, names, forms, format);
    const nameAt = placeOf(DW_AT_name, DW_FORM_strp, names, forms, format);
    while (table.length < code) table.push(undefined);
    table[code] = { tag, children, names, forms, implicit, size, siblingAt, nameAt };
  }
  return table;
}

/** Bytes before the attribute of that name and form, when they have fixed sizes. */
function placeOf(
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
