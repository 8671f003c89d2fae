/** Location lists: the expression of a variable by pc. */
import type { Attribute } from "./attribute.ts";
import { DW_AT_loclists_base } from "./constants.ts";
import { EntryPairs, oldPairs } from "./entryPairs.ts";
import type { Unit } from "./unit.ts";

// Location list entries of DWARF 5, section 7.7.3, that range lists do not have, and GCC's extension.
const DW_LLE_end_of_list = 0x00;
const DW_LLE_default_location = 0x05;
const DW_LLE_GNU_view_pair = 0x09;

/**
 * Returns the DWARF expression of a location attribute at `pc`; undefined if there is none. @param pc in bytes from the
 * base of the image's `Addressing` @throws Fault
 */
export function expressionAt(unit: Unit, attribute: Attribute | undefined, pc: number): Uint8Array | undefined {
  switch (attribute?.kind) {
    case "block":
      return attribute.bytes;
    case "listIndex":
      return listed(unit, indexedList(unit, attribute.index), pc);
    case "offset":
      return unit.version >= 5 ? listed(unit, attribute.value, pc) : oldListed(unit, attribute.value, pc);
    case "constant":
      // Before DWARF 4 section offsets had no form of their own.
      return unit.version < 4 ? oldListed(unit, Number(attribute.value), pc) : undefined;
    default:
      return undefined;
  }
}

function indexedList(unit: Unit, index: number): number {
  const base = unit.rootOffset(DW_AT_loclists_base) ?? (unit.offsetSize === 8 ? 20 : 12);
  return base + unit.image.loclists.cursor(base + index * unit.offsetSize).unsigned(unit.offsetSize);
}

function listed(unit: Unit, offset: number, pc: number): Uint8Array | undefined {
  const cursor = unit.image.loclists.cursor(offset);
  const pairs = new EntryPairs(unit, cursor);
  let fallback: Uint8Array | undefined;
  for (;;) {
    const kind = cursor.u8();
    if (kind === DW_LLE_end_of_list) return fallback;
    if (kind === DW_LLE_GNU_view_pair) {
      cursor.skipLeb();
      cursor.skipLeb();
    } else if (kind === DW_LLE_default_location) {
      fallback = cursor.take(cursor.uleb());
    } else {
      // Kinds as in range lists, shifted by one after DW_LLE_default_location.
      const range = pairs.read(kind > DW_LLE_default_location ? kind - 1 : kind);
      if (!range) continue;
      const expression = cursor.take(cursor.uleb());
      if (pc >= range.start && pc < range.end) return expression;
    }
  }
}

/**
 * Returns the expression for `pc` from .debug_loc of DWARF 2 to 4 (2.6.2); undefined if no pair contains `pc`. Each
 * pair is followed by a two-byte length and the expression.
 */
function oldListed(unit: Unit, offset: number, pc: number): Uint8Array | undefined {
  const cursor = unit.image.loc.cursor(offset);
  for (const { start, end } of oldPairs(unit, cursor)) {
    const expression = cursor.take(cursor.u16());
    if (pc >= start && pc < end) return expression;
  }
  return undefined;
}
