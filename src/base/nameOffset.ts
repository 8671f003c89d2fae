/** Names with offsets: `schedule+90`. */
import { hex0x } from "./hex.ts";

/** Formats as crash and gdb do: `schedule+90`, in hexadecimal `schedule+0x5a`; `schedule` when the offset is 0. */
export const withOffset = (name: string, offset: bigint | number, radix: 10 | 16 = 10): string =>
  Number(offset) === 0 ? name : `${name}+${radix === 16 ? hex0x(offset) : offset}`;

/** Formats as the kernel's `%pS` does (lib/vsprintf.c: symbol_string): `schedule+0x5a/0x90`, `schedule+0x0`. */
export const printedPlace = (name: string, offset: bigint | number, size?: number): string =>
  `${name}+${hex0x(offset)}${size === undefined ? "" : `/${hex0x(size)}`}`;
