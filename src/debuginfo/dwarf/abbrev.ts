import { Fault } from "../../base/fault.ts";
import { DW_FORM_implicit_const, type UnitFormat, fixedSize } from "./attribute.ts";
import { DW_AT_sibling } from "./constants.ts";
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
  /** Bytes of the attributes before DW_AT_sibling, when it is there and they have fixed sizes. */
  readonly siblingAt: number | undefined;
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
    const sibling = names.indexOf(DW_AT_sibling);
    const siblingAt = sibling < 0 ? undefined : totalSize(forms.slice(0, sibling), format);
    while (table.length < code) table.push(undefined);
    table[code] = { tag, children, names, forms, implicit, size: totalSize(forms, format), siblingAt };
  }
  return table;
}

function totalSize(forms: readonly number[], format: UnitFormat): number | undefined {
  let total = 0;
  for (const form of forms) {
    const size = fixedSize(form, format);
    if (size === undefined) return undefined;
    total += size;
  }
  return total;
}
