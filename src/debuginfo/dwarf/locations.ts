import { Fault } from "../../base/fault.ts";
import type { Attribute } from "./attribute.ts";
import { DW_AT_loclists_base } from "./constants.ts";
import type { Unit } from "./unit.ts";

// Location list entries of DWARF 5, section 7.7.3, and GCC's extension.
const DW_LLE_end_of_list = 0x00;
const DW_LLE_base_addressx = 0x01;
const DW_LLE_startx_endx = 0x02;
const DW_LLE_startx_length = 0x03;
const DW_LLE_offset_pair = 0x04;
const DW_LLE_default_location = 0x05;
const DW_LLE_base_address = 0x06;
const DW_LLE_start_end = 0x07;
const DW_LLE_start_length = 0x08;
const DW_LLE_GNU_view_pair = 0x09;

/**
 * The DWARF expression that a location attribute gives at `pc`; undefined where it gives none.
 * @param pc a distance in the image's `Addressing`
 * @throws Fault
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
      // Before DWARF 4 there was no form of its own for section offsets.
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
  let base = unit.lowPc;
  let fallback: Uint8Array | undefined;
  for (;;) {
    const kind = cursor.u8();
    let start = 0;
    let end = 0;
    switch (kind) {
      case DW_LLE_end_of_list:
        return fallback;
      case DW_LLE_base_addressx:
        base = unit.indexedAddress(cursor.uleb());
        continue;
      case DW_LLE_base_address:
        base = cursor.address(unit.addressSize);
        continue;
      case DW_LLE_GNU_view_pair:
        cursor.skipLeb();
        cursor.skipLeb();
        continue;
      case DW_LLE_default_location:
        fallback = cursor.take(cursor.uleb());
        continue;
      case DW_LLE_startx_endx:
        start = unit.indexedAddress(cursor.uleb());
        end = unit.indexedAddress(cursor.uleb());
        break;
      case DW_LLE_startx_length:
        start = unit.indexedAddress(cursor.uleb());
        end = start + cursor.uleb();
        break;
      case DW_LLE_offset_pair:
        start = base + cursor.uleb();
        end = base + cursor.uleb();
        break;
      case DW_LLE_start_end:
        start = cursor.address(unit.addressSize);
        end = cursor.address(unit.addressSize);
        break;
      case DW_LLE_start_length:
        start = cursor.address(unit.addressSize);
        end = start + cursor.uleb();
        break;
      default:
        throw Fault.of("corrupt", `${cursor.name} has the unknown entry kind ${kind}`);
    }
    const expression = cursor.take(cursor.uleb());
    if (pc >= start && pc < end) return expression;
  }
}

/** .debug_loc, to DWARF 4 (2.6.2): like .debug_ranges, each pair followed by a two-byte length and the expression. */
function oldListed(unit: Unit, offset: number, pc: number): Uint8Array | undefined {
  const cursor = unit.image.loc.cursor(offset);
  const { addressSize } = unit;
  const zero = unit.section.encoding.addressing.distance(0n);
  const ones = unit.section.encoding.addressing.distance(addressSize === 8 ? 0xffffffffffffffffn : 0xffffffffn);
  let base = unit.lowPc - zero;
  for (;;) {
    const start = cursor.address(addressSize);
    const end = cursor.address(addressSize);
    if (start === zero && end === zero) return undefined;
    if (start === ones) {
      base = end - zero;
      continue;
    }
    const expression = cursor.take(cursor.u16());
    if (pc >= base + start && pc < base + end) return expression;
  }
}
