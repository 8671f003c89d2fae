import { hex0x } from "../../../../base/hex.ts";

/** `schedule+90`, or `schedule` at its start. */
export const withOffset = (name: string, offset: bigint, radix: 10 | 16): string =>
  offset === 0n ? name : `${name}+${radix === 16 ? hex0x(offset) : offset}`;
