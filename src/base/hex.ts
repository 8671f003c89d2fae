/** Numbers as digits: hexadecimal addresses, zero-padded numbers, bytes. */

/** Formats as crash prints addresses: `ffff8ef68526c180`. */
export const hex = (value: bigint | number): string => value.toString(16);

/** Formats as C, DAP and JSON write addresses: `0xffff8ef68526c180`. */
export const hex0x = (value: bigint | number): string => `0x${value.toString(16)}`;

/** Formats zero-padded to `width` digits. */
export const padDigits = (value: bigint | number, width: number, radix: 2 | 8 | 10 | 16 = 10): string =>
  value.toString(radix).padStart(width, "0");

/** Formats in hexadecimal, zero-padded to `width` digits. */
export const padHex = (value: bigint | number, width: number): string => padDigits(value, width, 16);

/** Formats bytes with two digits each: `0f 1f 44`. */
export const hexBytes = (bytes: Iterable<number>, separator = " "): string =>
  Array.from(bytes, (byte) => padHex(byte, 2)).join(separator);
