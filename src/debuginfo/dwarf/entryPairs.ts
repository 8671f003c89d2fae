/** Entries of range lists and location lists. */
import { Fault } from "../../base/fault.ts";
import type { Cursor } from "./cursor.ts";
import type { Unit } from "./unit.ts";

/** Code from `start` to `end`, as distances in the image's `Addressing`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

// Range list entries of DWARF 5, section 7.25.
export const DW_RLE_end_of_list = 0x00;
const DW_RLE_base_addressx = 0x01;
const DW_RLE_startx_endx = 0x02;
const DW_RLE_startx_length = 0x03;
const DW_RLE_offset_pair = 0x04;
const DW_RLE_base_address = 0x05;
const DW_RLE_start_end = 0x06;
const DW_RLE_start_length = 0x07;

/** Reads the bounds of DWARF 5 list entries. Location lists encode their bounds like range lists. */
export class EntryPairs {
  readonly #unit: Unit;
  readonly #cursor: Cursor;
  #base: number;

  constructor(unit: Unit, cursor: Cursor) {
    this.#unit = unit;
    this.#cursor = cursor;
    this.#base = unit.lowPc;
  }

  /** Reads the bounds of an entry of `kind`; undefined if it only sets the base. @throws Fault */
  read(kind: number): Range | undefined {
    switch (kind) {
      case DW_RLE_base_addressx:
        this.#base = this.#indexed();
        return undefined;
      case DW_RLE_base_address:
        this.#base = this.#address();
        return undefined;
      case DW_RLE_startx_endx:
        return { start: this.#indexed(), end: this.#indexed() };
      case DW_RLE_startx_length:
        return this.#sized(this.#indexed());
      case DW_RLE_offset_pair:
        return { start: this.#base + this.#cursor.uleb(), end: this.#base + this.#cursor.uleb() };
      case DW_RLE_start_end:
        return { start: this.#address(), end: this.#address() };
      case DW_RLE_start_length:
        return this.#sized(this.#address());
      default:
        throw Fault.of("corrupt", `${this.#cursor.name} has an entry of unknown kind`);
    }
  }

  #indexed(): number {
    return this.#unit.indexedAddress(this.#cursor.uleb());
  }

  #address(): number {
    return this.#cursor.address(this.#unit.addressSize);
  }

  #sized(start: number): Range {
    return { start, end: start + this.#cursor.uleb() };
  }
}

/**
 * Yields the ranges of a list of .debug_ranges or .debug_loc of DWARF 2 to 4 (2.17.3, 2.6.2). In the section they are
 * relative to a base; the base is added here. A pair that starts with all ones sets the base; a pair of zeros ends the
 * list. For a location list the caller reads the expression after each pair from `cursor`.
 */
export function* oldPairs(unit: Unit, cursor: Cursor): Generator<Range> {
  const { addressSize } = unit;
  const zero = unit.section.encoding.addressing.distance(0n);
  const ones = unit.section.encoding.addressing.distance(addressSize === 8 ? 0xffffffffffffffffn : 0xffffffffn);
  let base = unit.lowPc - zero;
  for (;;) {
    const start = cursor.address(addressSize);
    const end = cursor.address(addressSize);
    if (start === zero && end === zero) return;
    if (start === ones) base = end - zero;
    else yield { start: base + start, end: base + end };
  }
}
