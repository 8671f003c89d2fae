/** Code ranges of DIEs. */
import { Fault } from "../../base/fault.ts";
import type { Attribute } from "./attribute.ts";
import { DW_AT_high_pc, DW_AT_low_pc, DW_AT_ranges, DW_AT_rnglists_base } from "./constants.ts";
import type { Die } from "./die.ts";
import { DW_RLE_end_of_list, EntryPairs, oldPairs, type Range } from "./entryPairs.ts";
import type { Unit } from "./unit.ts";

/** Returns the address ranges of a DIE's code, from DW_AT_low_pc and DW_AT_high_pc or from DW_AT_ranges. @throws Fault */
export function dieRanges(die: Die): Iterable<Range> {
  if (die.has(DW_AT_ranges)) return listedRanges(die.unit, die.attribute(DW_AT_ranges));
  return die.has(DW_AT_low_pc) ? oneRange(die.unit, die.attribute(DW_AT_low_pc), die.attribute(DW_AT_high_pc)) : [];
}

/** Returns the address ranges of a unit's code, from the attributes of its own DIE. @throws Fault */
export function unitRanges(unit: Unit): Iterable<Range> {
  const ranges = unit.root.get(DW_AT_ranges);
  if (ranges) return listedRanges(unit, ranges);
  return oneRange(unit, unit.root.get(DW_AT_low_pc), unit.root.get(DW_AT_high_pc));
}

function oneRange(unit: Unit, low: Attribute | undefined, high: Attribute | undefined): Range[] {
  const start = unit.address(low);
  if (start === undefined) return [];
  // DW_AT_high_pc: a constant is the size in bytes (since DWARF 4), an address is the end. If it is absent, the range
  // is one byte.
  const end = high?.kind === "constant" ? start + Number(high.value) : (unit.address(high) ?? start + 1);
  return end > start ? [{ start, end }] : [];
}

function listedRanges(unit: Unit, attribute: Attribute | undefined): Iterable<Range> {
  if (attribute?.kind === "listIndex") return rangeList(unit, indexedList(unit, attribute.index));
  const offset = attribute?.kind === "constant" ? Number(attribute.value) : attribute?.kind === "offset" ? attribute.value : undefined; // prettier-ignore
  if (offset === undefined)
    throw Fault.of("corrupt", `${unit.section.name}: DW_AT_ranges does not refer to a range list`);
  return unit.version >= 5 ? rangeList(unit, offset) : oldRangeList(unit, offset);
}

/** Size of the header of .debug_rnglists in the 32-bit and the 64-bit format (DWARF 5, section 7.28). */
const HEADER_BYTES_32 = 12;
const HEADER_BYTES_64 = 20;

/** Returns the offset of a list in .debug_rnglists, through the unit's table of offsets. */
function indexedList(unit: Unit, index: number): number {
  // Without the attribute the table is the first of the section, after its header.
  const base = unit.rootOffset(DW_AT_rnglists_base) ?? (unit.offsetSize === 8 ? HEADER_BYTES_64 : HEADER_BYTES_32);
  return base + unit.image.rnglists.cursor(base + index * unit.offsetSize).unsigned(unit.offsetSize);
}

function* rangeList(unit: Unit, offset: number): Generator<Range> {
  const cursor = unit.image.rnglists.cursor(offset);
  const pairs = new EntryPairs(unit, cursor);
  for (let kind = cursor.u8(); kind !== DW_RLE_end_of_list; kind = cursor.u8()) {
    const range = pairs.read(kind);
    if (range && range.end > range.start) yield range;
  }
}

/** Reads .debug_ranges of DWARF 2 to 4. */
function* oldRangeList(unit: Unit, offset: number): Generator<Range> {
  for (const range of oldPairs(unit, unit.image.ranges.cursor(offset))) if (range.end > range.start) yield range;
}
