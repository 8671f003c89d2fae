/** Tests of mode bits. */

/** Whether the bits of `mask` are `bits`; undefined for a register that is not known. */
export const masked = (register: bigint | undefined, mask: bigint, bits: bigint): boolean | undefined =>
  register === undefined ? undefined : (register & mask) === bits;
