/** Common information entries (CIEs) of frame sections. */
import { Fault } from "../../../base/fault.ts";
import type { Cursor } from "../cursor.ts";

// Pointer encodings of the Linux Standard Base Core, 10.5.1.
const DW_EH_PE_absptr = 0x00;
const DW_EH_PE_udata2 = 0x02;
const DW_EH_PE_udata4 = 0x03;
const DW_EH_PE_udata8 = 0x04;
const DW_EH_PE_signed = 0x08;
const DW_EH_PE_sdata2 = 0x0a;
const DW_EH_PE_sdata4 = 0x0b;
const DW_EH_PE_sdata8 = 0x0c;
const DW_EH_PE_pcrel = 0x10;

/** What the FDEs of a group of functions have in common (DWARF 5, 6.4.1). */
export interface Cie {
  readonly addressSize: number;
  readonly codeAlignment: number;
  readonly dataAlignment: number;
  readonly returnAddressRegister: number;
  /** Encoding of addresses in FDEs: DW_EH_PE_*. */
  readonly pointerEncoding: number;
  /** FDEs have augmentation data, preceded by its size. */
  readonly sizedAugmentation: boolean;
  /** An interrupt or signal made the frame: its pc is exact. */
  readonly signalFrame: boolean;
  readonly instructions: Uint8Array;
}

/** Whether the addresses of FDEs are 8 bytes that are not encoded. */
export const isPlain = ({ pointerEncoding, addressSize }: Cie): boolean =>
  pointerEncoding === DW_EH_PE_absptr && addressSize === 8;

/** Reads a CIE from after its id. @throws Fault unknown for an unknown augmentation */
export function readCie(cursor: Cursor): Cie {
  const version = cursor.u8();
  const augmentation = cursor.text();
  let addressSize: number = cursor.encoding.addressing.bytes;
  if (version >= 4) {
    addressSize = cursor.u8();
    cursor.skip(1); // segment selector size
  }
  const codeAlignment = cursor.uleb();
  const dataAlignment = cursor.sleb();
  const returnAddressRegister = version === 1 ? cursor.u8() : cursor.uleb();
  const sized = augmentation.startsWith("z");
  if (augmentation !== "" && !sized)
    throw Fault.of("unknown", `${cursor.name}: augmentation ${augmentation} is not known`);
  const afterAugmentation = sized ? cursor.uleb() + cursor.at : cursor.at;
  let pointerEncoding = DW_EH_PE_absptr;
  for (const letter of augmentation.slice(1)) {
    if (letter === "R") pointerEncoding = cursor.u8();
    else if (letter === "L") cursor.skip(1);
    else if (letter === "P") skipPointer(cursor, cursor.u8(), addressSize);
    else if (letter !== "S" && letter !== "B") break;
  }
  cursor.at = afterAugmentation;
  const signalFrame = augmentation.includes("S");
  const instructions = cursor.take(Math.max(0, cursor.end - cursor.at));
  return { addressSize, codeAlignment, dataAlignment, returnAddressRegister, pointerEncoding, sizedAugmentation: sized, signalFrame, instructions }; // prettier-ignore
}

function skipPointer(cursor: Cursor, encoding: number, addressSize: number): void {
  cursor.skip(pointerSize(encoding, addressSize));
}

function pointerSize(encoding: number, addressSize: number): number {
  switch (encoding & 0x0f) {
    case DW_EH_PE_absptr:
    case DW_EH_PE_signed:
      return addressSize;
    case DW_EH_PE_udata2:
    case DW_EH_PE_sdata2:
      return 2;
    case DW_EH_PE_udata4:
    case DW_EH_PE_sdata4:
      return 4;
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8:
      return 8;
    default:
      throw Fault.of("unknown", `pointer encoding 0x${encoding.toString(16)} is not known`);
  }
}

/**
 * Reads an address in an FDE as a distance or, without `relativeTo`, a size. @param relativeTo start of the section, a
 * distance
 */
export function readPointer(cursor: Cursor, cie: Cie, relativeTo: { readonly start: number } | undefined): number {
  const { pointerEncoding, addressSize } = cie;
  if (pointerEncoding === DW_EH_PE_absptr) {
    return relativeTo ? cursor.address(addressSize) : cursor.unsigned(addressSize);
  }
  const size = pointerSize(pointerEncoding, addressSize);
  const place = cursor.at;
  if (!relativeTo) return cursor.unsigned(size);
  if ((pointerEncoding & 0x70) !== DW_EH_PE_pcrel) {
    if (pointerEncoding & 0x70)
      throw Fault.of("unknown", `pointer encoding 0x${pointerEncoding.toString(16)} is not known`);
    return size === addressSize
      ? cursor.address(size)
      : cursor.unsigned(size) + cursor.encoding.addressing.distance(0n);
  }
  const raw = cursor.unsigned(size);
  const signed = raw >= 2 ** (8 * size - 1) ? raw - 2 ** (8 * size) : raw;
  return relativeTo.start + place + signed;
}
