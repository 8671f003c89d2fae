/** Reads attribute values of all forms. */
import { Fault } from "../../base/fault.ts";
import type { Cursor } from "./cursor.ts";

// Attribute forms of DWARF 5, section 7.5.6, and the GNU extensions of DWARF 4 for split units and dwz.
const DW_FORM_addr = 0x01;
const DW_FORM_block2 = 0x03;
const DW_FORM_block4 = 0x04;
const DW_FORM_data2 = 0x05;
const DW_FORM_data4 = 0x06;
const DW_FORM_data8 = 0x07;
const DW_FORM_string = 0x08;
const DW_FORM_block = 0x09;
const DW_FORM_block1 = 0x0a;
const DW_FORM_data1 = 0x0b;
const DW_FORM_flag = 0x0c;
const DW_FORM_sdata = 0x0d;
export const DW_FORM_strp = 0x0e;
const DW_FORM_udata = 0x0f;
const DW_FORM_ref_addr = 0x10;
const DW_FORM_ref1 = 0x11;
const DW_FORM_ref2 = 0x12;
export const DW_FORM_ref4 = 0x13;
const DW_FORM_ref8 = 0x14;
const DW_FORM_ref_udata = 0x15;
const DW_FORM_indirect = 0x16;
const DW_FORM_sec_offset = 0x17;
const DW_FORM_exprloc = 0x18;
const DW_FORM_flag_present = 0x19;
const DW_FORM_strx = 0x1a;
const DW_FORM_addrx = 0x1b;
const DW_FORM_ref_sup4 = 0x1c;
const DW_FORM_strp_sup = 0x1d;
const DW_FORM_data16 = 0x1e;
const DW_FORM_line_strp = 0x1f;
const DW_FORM_ref_sig8 = 0x20;
export const DW_FORM_implicit_const = 0x21;
const DW_FORM_loclistx = 0x22;
const DW_FORM_rnglistx = 0x23;
const DW_FORM_ref_sup8 = 0x24;
const DW_FORM_strx1 = 0x25;
const DW_FORM_strx2 = 0x26;
const DW_FORM_strx3 = 0x27;
const DW_FORM_strx4 = 0x28;
const DW_FORM_addrx1 = 0x29;
const DW_FORM_addrx2 = 0x2a;
const DW_FORM_addrx3 = 0x2b;
const DW_FORM_addrx4 = 0x2c;
const DW_FORM_GNU_addr_index = 0x1f01;
const DW_FORM_GNU_str_index = 0x1f02;
const DW_FORM_GNU_ref_alt = 0x1f20;
const DW_FORM_GNU_strp_alt = 0x1f21;

/** Parameters that determine the sizes of forms. */
export interface UnitFormat {
  readonly version: number;
  readonly addressSize: number;
  /** Size of offsets: 4 in 32-bit DWARF, 8 in 64-bit DWARF. */
  readonly offsetSize: 4 | 8;
}

/** Sections that contain strings; "alternate" is .debug_str of the alternate (dwz) file. */
export type TextSection = "str" | "line_str" | "alternate";

/** An attribute value by class of its form. The caller looks up what it refers to. */
export type Attribute =
  /** An address as its distance in the image's `Addressing`. */
  | { readonly kind: "address"; readonly value: number }
  | { readonly kind: "addressIndex"; readonly index: number }
  /** `size` is that of a fixed-size form, for which the attribute determines the sign; 0 if the form determines it. */
  | { readonly kind: "constant"; readonly value: bigint; readonly size: number }
  | { readonly kind: "flag"; readonly value: boolean }
  | { readonly kind: "offset"; readonly value: number }
  | { readonly kind: "listIndex"; readonly index: number }
  | { readonly kind: "block"; readonly bytes: Uint8Array; readonly expression: boolean }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "textAt"; readonly section: TextSection; readonly offset: number }
  | { readonly kind: "textIndex"; readonly index: number }
  /**
   * A reference to a DIE: an offset in its unit, in .debug_info, in the alternate file's .debug_info, or a type
   * signature.
   */
  | { readonly kind: "local"; readonly offset: number }
  | { readonly kind: "global"; readonly offset: number }
  | { readonly kind: "alternate"; readonly offset: number }
  | { readonly kind: "signature"; readonly value: bigint };

/** Returns the size of a form in bytes; undefined if it depends on the data. */
export function fixedSize(form: number, format: UnitFormat): number | undefined {
  switch (form) {
    case DW_FORM_implicit_const:
    case DW_FORM_flag_present:
      return 0;
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
      return 1;
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
      return 2;
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
      return 3;
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_ref_sup4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
      return 4;
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sup8:
    case DW_FORM_ref_sig8:
      return 8;
    case DW_FORM_data16:
      return 16;
    case DW_FORM_addr:
      return format.addressSize;
    case DW_FORM_ref_addr:
      return format.version <= 2 ? format.addressSize : format.offsetSize;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_strp_sup:
    case DW_FORM_sec_offset:
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
      return format.offsetSize;
    default:
      return undefined;
  }
}

/** Skips one value. @throws Fault truncated; corrupt for an unknown form */
export function skipAttribute(cursor: Cursor, form: number, format: UnitFormat): void {
  const size = fixedSize(form, format);
  if (size !== undefined) return cursor.skip(size);
  switch (form) {
    case DW_FORM_sdata:
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
      return cursor.skipLeb();
    case DW_FORM_string:
      return cursor.skipText();
    case DW_FORM_exprloc:
    case DW_FORM_block:
      return cursor.skip(cursor.uleb());
    case DW_FORM_block1:
      return cursor.skip(cursor.u8());
    case DW_FORM_block2:
      return cursor.skip(cursor.u16());
    case DW_FORM_block4:
      return cursor.skip(cursor.u32());
    case DW_FORM_indirect:
      return skipAttribute(cursor, directForm(cursor), format);
    default:
      throw Fault.of("corrupt", `${cursor.name} uses the unknown form 0x${form.toString(16)}`);
  }
}

/** Reads the form that DW_FORM_indirect names. It cannot be DW_FORM_indirect or DW_FORM_implicit_const. */
function directForm(cursor: Cursor): number {
  const form = cursor.uleb();
  if (form === DW_FORM_indirect || form === DW_FORM_implicit_const) {
    throw Fault.of("corrupt", `${cursor.name} has an invalid DW_FORM_indirect; the debug information is damaged`);
  }
  return form;
}

const constant = (value: number | bigint, size: number): Attribute => ({
  kind: "constant",
  value: BigInt(value),
  size,
});
const block = (bytes: Uint8Array, expression = false): Attribute => ({ kind: "block", bytes, expression });

/**
 * Reads one value. Blocks share memory with the cursor. @param implicit the constant of DW_FORM_implicit_const, from
 * the abbreviation @throws Fault truncated; corrupt for an unknown form
 */
export function readAttribute(cursor: Cursor, form: number, format: UnitFormat, implicit: bigint): Attribute {
  switch (form) {
    case DW_FORM_addr:
      return { kind: "address", value: cursor.address(format.addressSize) };
    case DW_FORM_addrx:
    case DW_FORM_GNU_addr_index:
      return { kind: "addressIndex", index: cursor.uleb() };
    case DW_FORM_addrx1:
      return { kind: "addressIndex", index: cursor.u8() };
    case DW_FORM_addrx2:
      return { kind: "addressIndex", index: cursor.u16() };
    case DW_FORM_addrx3:
      return { kind: "addressIndex", index: cursor.u24() };
    case DW_FORM_addrx4:
      return { kind: "addressIndex", index: cursor.u32() };
    case DW_FORM_data1:
      return constant(cursor.u8(), 1);
    case DW_FORM_data2:
      return constant(cursor.u16(), 2);
    case DW_FORM_data4:
      return constant(cursor.u32(), 4);
    case DW_FORM_data8:
      return constant(cursor.big64(), 8);
    case DW_FORM_data16:
      return block(cursor.take(16));
    case DW_FORM_sdata:
      return constant(cursor.bigSleb(), 0);
    case DW_FORM_udata:
      return constant(cursor.bigUleb(), 0);
    case DW_FORM_implicit_const:
      return constant(implicit, 0);
    case DW_FORM_flag:
      return { kind: "flag", value: cursor.u8() !== 0 };
    case DW_FORM_flag_present:
      return { kind: "flag", value: true };
    case DW_FORM_sec_offset:
      return { kind: "offset", value: cursor.unsigned(format.offsetSize) };
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
      return { kind: "listIndex", index: cursor.uleb() };
    case DW_FORM_exprloc:
      return block(cursor.take(cursor.uleb()), true);
    case DW_FORM_block:
      return block(cursor.take(cursor.uleb()));
    case DW_FORM_block1:
      return block(cursor.take(cursor.u8()));
    case DW_FORM_block2:
      return block(cursor.take(cursor.u16()));
    case DW_FORM_block4:
      return block(cursor.take(cursor.u32()));
    case DW_FORM_indirect:
      return readAttribute(cursor, directForm(cursor), format, implicit);
    default:
      return readText(cursor, form, format) ?? readReference(cursor, form, format);
  }
}

function readText(cursor: Cursor, form: number, format: UnitFormat): Attribute | undefined {
  switch (form) {
    case DW_FORM_string:
      return { kind: "text", value: cursor.text() };
    case DW_FORM_strp:
      return { kind: "textAt", section: "str", offset: cursor.unsigned(format.offsetSize) };
    case DW_FORM_line_strp:
      return { kind: "textAt", section: "line_str", offset: cursor.unsigned(format.offsetSize) };
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_strp_alt:
      return { kind: "textAt", section: "alternate", offset: cursor.unsigned(format.offsetSize) };
    case DW_FORM_strx:
    case DW_FORM_GNU_str_index:
      return { kind: "textIndex", index: cursor.uleb() };
    case DW_FORM_strx1:
      return { kind: "textIndex", index: cursor.u8() };
    case DW_FORM_strx2:
      return { kind: "textIndex", index: cursor.u16() };
    case DW_FORM_strx3:
      return { kind: "textIndex", index: cursor.u24() };
    case DW_FORM_strx4:
      return { kind: "textIndex", index: cursor.u32() };
    default:
      return undefined;
  }
}

function readReference(cursor: Cursor, form: number, format: UnitFormat): Attribute {
  switch (form) {
    case DW_FORM_ref1:
      return { kind: "local", offset: cursor.u8() };
    case DW_FORM_ref2:
      return { kind: "local", offset: cursor.u16() };
    case DW_FORM_ref4:
      return { kind: "local", offset: cursor.u32() };
    case DW_FORM_ref8:
      return { kind: "local", offset: cursor.u64() };
    case DW_FORM_ref_udata:
      return { kind: "local", offset: cursor.uleb() };
    case DW_FORM_ref_addr:
      return { kind: "global", offset: cursor.unsigned(fixedSize(form, format) ?? 0) };
    case DW_FORM_ref_sig8:
      return { kind: "signature", value: cursor.big64() };
    case DW_FORM_ref_sup4:
      return { kind: "alternate", offset: cursor.u32() };
    case DW_FORM_ref_sup8:
      return { kind: "alternate", offset: cursor.u64() };
    case DW_FORM_GNU_ref_alt:
      return { kind: "alternate", offset: cursor.unsigned(format.offsetSize) };
    default:
      throw Fault.of("corrupt", `${cursor.name} uses the unknown form 0x${form.toString(16)}`);
  }
}
