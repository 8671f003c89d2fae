/** A place in something that has a name. */
import { hex0x } from "./hex.ts";

/** `schedule+90`, in hexadecimal `schedule+0x5a`; `schedule` at its start: as crash and gdb write it. */
export const withOffset = (name: string, offset: bigint | number, radix: 10 | 16 = 10): string =>
  Number(offset) === 0 ? name : `${name}+${radix === 16 ? hex0x(offset) : offset}`;

/** `schedule+0x5a/0x90`, `schedule+0x0`: as the kernel's `%pS` writes it (lib/vsprintf.c: symbol_string). */
export const printedPlace = (name: string, offset: bigint | number, size?: number): string =>
  `${name}+${hex0x(offset)}${size === undefined ? "" : `/${hex0x(size)}`}`;
