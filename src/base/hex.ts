/** `ffff8ef68526c180`: as crash prints addresses. */
export const hex = (value: bigint | number): string => value.toString(16);

/** `0xffff8ef68526c180`: as C writes them, and as addresses travel on every wire. */
export const hex0x = (value: bigint | number): string => `0x${value.toString(16)}`;

/** Hexadecimal, zero-padded to `width` digits. */
export const padHex = (value: bigint | number, width: number): string => value.toString(16).padStart(width, "0");
