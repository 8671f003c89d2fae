import { Fault } from "../../base/fault.ts";
import type { Attribute } from "./attribute.ts";
import { DW_AT_high_pc, DW_AT_low_pc, DW_AT_ranges, DW_AT_rnglists_base } from "./constants.ts";
import type { Die } from "./die.ts";
import type { Unit } from "./unit.ts";

// Range list entries of DWARF 5, section 7.25.
const DW_RLE_end_of_list = 0x00;
const DW_RLE_base_addressx = 0x01;
const DW_RLE_startx_endx = 0x02;
const DW_RLE_startx_length = 0x03;
const DW_RLE_offset_pair = 0x04;
const DW_RLE_base_address = 0x05;
const DW_RLE_start_end = 0x06;
const DW_RLE_start_length = 0x07;

/** Code from `start` up to `end`, as distances in the image's `Addressing`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The code of a DIE, by DW_AT_low_pc and DW_AT_high_pc or by DW_AT_ranges. @throws Fault */
export function dieRanges(die: Die): Iterable<Range> {
  if (die.has(DW_AT_ranges)) return listedRanges(die.unit, die.attribute(DW_AT_ranges));
  return die.has(DW_AT_low_pc) ? oneRange(die.unit, die.attribute(DW_AT_low_pc), die.attribute(DW_AT_high_pc)) : [];
}

/** The code of a unit, by the attributes of its own DIE. @throws Fault */
export function unitRanges(unit: Unit): Iterable<Range> {
  const ranges = unit.root.get(DW_AT_ranges);
  if (ranges) return listedRanges(unit, ranges);
  return oneRange(unit, unit.root.get(DW_AT_low_pc), unit.root.get(DW_AT_high_pc));
}

function oneRange(unit: Unit, low: Attribute | undefined, high: Attribute | undefined): Range[] {
  const start = unit.address(low);
  if (start === undefined) return [];
  // Since DWARF 4 a constant is the size; before, and from an address class, it is the end.
  const end = high?.kind === "constant" ? start + Number(high.value) : (unit.address(high) ?? start + 1);
  return end > start ? [{ start, end }] : [];
}

function listedRanges(unit: Unit, attribute: Attribute | undefined): Iterable<Range> {
  if (attribute?.kind === "listIndex") return rangeList(unit, indexedList(unit, attribute.index));
  const offset = attribute?.kind === "constant" ? Number(attribute.value) : attribute?.kind === "offset" ? attribute.value : undefined; // prettier-ignore
  if (offset === undefined) throw Fault.of("corrupt", `${unit.section.name}: DW_AT_ranges is no range list`);
  return unit.version >= 5 ? rangeList(unit, offset) : oldRangeList(unit, offset);
}

/** Offset of a list in .debug_rnglists, through the unit's table of offsets. */
function indexedList(unit: Unit, index: number): number {
  const base = unit.rootOffset(DW_AT_rnglists_base) ?? (unit.offsetSize === 8 ? 20 : 12);
  return base + unit.image.rnglists.cursor(base + index * unit.offsetSize).unsigned(unit.offsetSize);
}

function* rangeList(unit: Unit, offset: number): Generator<Range> {
  const cursor = unit.image.rnglists.cursor(offset);
  let base = unit.lowPc;
  for (;;) {
    const kind = cursor.u8();
    let start = 0;
    let end = 0;
    switch (kind) {
      case DW_RLE_end_of_list:
        return;
      case DW_RLE_base_addressx:
        base = unit.indexedAddress(cursor.uleb());
        continue;
      case DW_RLE_base_address:
        base = cursor.address(unit.addressSize);
        continue;
      case DW_RLE_startx_endx:
        start = unit.indexedAddress(cursor.uleb());
        end = unit.indexedAddress(cursor.uleb());
        break;
      case DW_RLE_startx_length:
        start = unit.indexedAddress(cursor.uleb());
        end = start + cursor.uleb();
        break;
      case DW_RLE_offset_pair:
        start = base + cursor.uleb();
        end = base + cursor.uleb();
        break;
      case DW_RLE_start_end:
        start = cursor.address(unit.addressSize);
        end = cursor.address(unit.addressSize);
        break;
      case DW_RLE_start_length:
        start = cursor.address(unit.addressSize);
        end = start + cursor.uleb();
        break;
      default:
        throw Fault.of("corrupt", `${cursor.name} has the unknown entry kind ${kind}`);
    }
    if (end > start) yield { start, end };
  }
}

/** .debug_ranges, to DWARF 4 (2.17.3): pairs relative to a base, which a pair that starts with all ones sets. */
function* oldRangeList(unit: Unit, offset: number): Generator<Range> {
  const cursor = unit.image.ranges.cursor(offset);
  const { addressSize } = unit;
  const zero = unit.section.encoding.addressing.distance(0n);
  const ones = unit.section.encoding.addressing.distance(addressSize === 8 ? 0xffffffffffffffffn : 0xffffffffn);
  let base = unit.lowPc - zero;
  for (;;) {
    const start = cursor.address(addressSize);
    const end = cursor.address(addressSize);
    if (start === zero && end === zero) return;
    if (start === ones) base = end - zero;
    else if (end > start) yield { start: base + start, end: base + end };
  }
}
