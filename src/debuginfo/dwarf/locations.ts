/** Location lists: the expression of a variable by pc. */
import type { Attribute } from "./attribute.ts";
import { DW_AT_loclists_base } from "./constants.ts";
import { EntryPairs, oldPairs, type Range } from "./entryPairs.ts";
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
  if (attribute?.kind === "block") return attribute.bytes;
  let fallback: Uint8Array | undefined;
  for (const { range, expression } of entriesOf(unit, attribute)) {
    if (!range) fallback = expression;
    else if (pc >= range.start && pc < range.end) return expression;
  }
  return fallback;
}

/** Returns the entries of the list that a location attribute names; none if it names no list. @throws Fault */
function entriesOf(unit: Unit, attribute: Attribute | undefined): Iterable<ListEntry> {
  switch (attribute?.kind) {
    case "listIndex":
      return entries(unit, indexedList(unit, attribute.index));
    case "offset":
      return unit.version >= 5 ? entries(unit, attribute.value) : oldEntries(unit, attribute.value);
    case "constant":
      // Before DWARF 4 section offsets had no form of their own.
      return unit.version < 4 ? oldEntries(unit, Number(attribute.value)) : [];
    default:
      return [];
  }
}

function indexedList(unit: Unit, index: number): number {
  const base = unit.rootOffset(DW_AT_loclists_base) ?? (unit.offsetSize === 8 ? 20 : 12);
  return base + unit.image.loclists.cursor(base + index * unit.offsetSize).unsigned(unit.offsetSize);
}

/** An expression of a location list and the code for which it is valid; without bounds for all other code. */
interface ListEntry {
  /** Distances in the image's `Addressing`. */
  readonly range: Range | undefined;
  readonly expression: Uint8Array;
}

/** Yields the entries of a list of .debug_loclists. @throws Fault */
function* entries(unit: Unit, offset: number): Generator<ListEntry> {
  const cursor = unit.image.loclists.cursor(offset);
  const pairs = new EntryPairs(unit, cursor);
  for (;;) {
    const kind = cursor.u8();
    if (kind === DW_LLE_end_of_list) return;
    if (kind === DW_LLE_GNU_view_pair) {
      cursor.skipLeb();
      cursor.skipLeb();
    } else if (kind === DW_LLE_default_location) {
      yield { range: undefined, expression: cursor.take(cursor.uleb()) };
    } else {
      // Kinds as in range lists, shifted by one after DW_LLE_default_location.
      const range = pairs.read(kind > DW_LLE_default_location ? kind - 1 : kind);
      if (range) yield { range, expression: cursor.take(cursor.uleb()) };
    }
  }
}

/**
 * Yields the entries of a list of .debug_loc of DWARF 2 to 4 (2.6.2). Each pair is followed by a two-byte length and
 * the expression.
 */
function* oldEntries(unit: Unit, offset: number): Generator<ListEntry> {
  const cursor = unit.image.loc.cursor(offset);
  for (const range of oldPairs(unit, cursor)) yield { range, expression: cursor.take(cursor.u16()) };
}

/** Maximum number of ranges that are listed; a variable of the kernel has some dozens. */
const MAX_RANGES = 1000;

/**
 * Returns the ranges of a location attribute that is a list, without those whose expression is empty; none for another
 * attribute. Bounds are distances in the image's `Addressing`. @throws Fault
 */
export function locationRanges(
  unit: Unit,
  attribute: Attribute | undefined,
): readonly (Range & { readonly expression: Uint8Array })[] {
  const ranges: (Range & { readonly expression: Uint8Array })[] = [];
  for (const { range, expression } of entriesOf(unit, attribute)) {
    if (range && range.end > range.start && expression.length > 0) ranges.push({ ...range, expression });
    if (ranges.length === MAX_RANGES) break;
  }
  return ranges;
}
