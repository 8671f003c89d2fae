/** Values that size and count fields break on. */
const edges = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/**
 * A copy of `bytes` with one to four wounds: flipped bits, edge values, regions zeroed, filled, copied elsewhere or
 * exchanged, or an early end.
 *
 * @param below gives a number from 0 up to its argument; the same wounds for the same numbers
 */
export function mutated(bytes: Uint8Array, below: (limit: number) => number): Uint8Array {
  let result = Uint8Array.from(bytes);
  for (let wounds = 1 + below(4); wounds > 0 && result.length > 8; wounds--) {
    const at = below(result.length);
    const length = Math.min(1 + below(below(2) === 0 ? 16 : 5000), result.length - at);
    switch (below(7)) {
      case 0:
        result[at]! ^= 1 << below(8);
        break;
      case 1:
      case 2: {
        const field = Math.min(at & ~3, result.length - 8);
        const value = edges[below(edges.length)]!;
        const view = new DataView(result.buffer, result.byteOffset);
        if (below(2) === 0) view.setBigUint64(field, value, below(4) > 0);
        else view.setUint32(field, Number(value & 0xffffffffn), below(4) > 0);
        break;
      }
      case 3:
        result.fill(below(2) === 0 ? 0 : 0xff, at, at + length);
        break;
      case 4:
        for (let i = at; i < at + length; i++) result[i] = below(256);
        break;
      case 5:
        result.copyWithin(below(result.length), at, at + length);
        break;
      case 6:
        if (below(3) === 0) result = result.subarray(0, at);
        break;
    }
  }
  return result;
}
