/** Digits of numbers. */

/** `ffff8ef68526c180`: as crash prints addresses. */
export const hex = (value: bigint | number): string => value.toString(16);

/** `0xffff8ef68526c180`: as C writes them, and as addresses travel on every wire. */
export const hex0x = (value: bigint | number): string => `0x${value.toString(16)}`;

/** Zero-padded to `width` digits. */
export const padDigits = (value: bigint | number, width: number, radix: 2 | 8 | 10 | 16 = 10): string =>
  value.toString(radix).padStart(width, "0");

/** Hexadecimal, zero-padded to `width` digits. */
export const padHex = (value: bigint | number, width: number): string => padDigits(value, width, 16);

/** `0f 1f 44`: two digits for each byte. */
export const hexBytes = (bytes: Iterable<number>, separator = " "): string =>
  Array.from(bytes, (byte) => padHex(byte, 2)).join(separator);
