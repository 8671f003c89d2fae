/** Tests of mode bits in registers. */

/** Whether the bits in `mask` are equal to `bits`; undefined for an unknown register. */
export const hasBits = (register: bigint | undefined, mask: bigint, bits: bigint): boolean | undefined =>
  register === undefined ? undefined : (register & mask) === bits;
