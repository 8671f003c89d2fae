/**
 * The range decoder of LZMA: bits by their probabilities. The facts are those of "LZMA specification" (I. Pavlov, public
 * domain).
 */

const PROBABILITY_BITS = 11;
const MOVE_BITS = 5;
const ROUND = (1 << PROBABILITY_BITS) - (1 << MOVE_BITS) + 1;
/** While it is zero the range is too small: a byte more is read. */
const TOP_BYTE = 0xff << 24;

/**
 * Words are kept signed, which engines hold without a box, and compared without their sign. Most bits are decoded in
 * `tree`, `reverseTree` and `matchedLiteral`: there the steps of `bit` are written out, without a branch and with range
 * and code in registers, which makes the whole a third faster.
 */
export class RangeDecoder {
  private input: Uint8Array = new Uint8Array(0);
  private readonly probabilities: Uint16Array;
  private at = 0;
  private range = 0;
  private code = 0;

  /** @param count of probabilities, of which an index chooses one */
  constructor(count: number) {
    this.probabilities = new Uint16Array(count);
  }

  /** Begins with other bytes. Past their end zeros are read. */
  protected start(input: Uint8Array): void {
    this.input = input;
    this.range = -1;
    this.code = 0;
    for (let i = 1; i < 5; i++) this.code = (this.code << 8) | (input[i] ?? 0);
    this.at = 5;
  }

  /** Whether the bytes were read, all of them and no more, and end as an encoder ends them. */
  protected isAtEnd(): boolean {
    this.normalize();
    return this.code === 0 && this.at === this.input.length;
  }

  /** Every bit is as likely as not from now on. */
  protected forgetProbabilities(): void {
    this.probabilities.fill(1 << (PROBABILITY_BITS - 1));
  }

  /** @param matched the byte at the distance of the last match: its bits choose the probabilities while they agree */
  protected matchedLiteral(base: number, matched: number): number {
    const { probabilities, input } = this;
    let { range, code } = this;
    let symbol = 1;
    let offset = 0x100;
    while (symbol < 0x100) {
      matched <<= 1;
      const index = base + offset + (matched & offset) + symbol;
      if ((range & TOP_BYTE) === 0) {
        range <<= 8;
        code = (code << 8) | (input[this.at++] ?? 0);
      }
      const probability = probabilities[index] ?? 0;
      const bound = Math.imul(range >>> PROBABILITY_BITS, probability);
      const bit = +(code >>> 0 >= bound >>> 0);
      range = (bound + (-bit & (range - (bound << 1)))) | 0;
      code = (code - (-bit & bound)) | 0;
      probabilities[index] = probability + (((1 << PROBABILITY_BITS) - (-bit & ROUND) - probability) >> MOVE_BITS);
      symbol = (symbol << 1) | bit;
      offset &= matched ^ (bit - 1);
    }
    this.range = range;
    this.code = code;
    return symbol & 0xff;
  }

  /** @param size how many leaves the tree has, a power of two */
  protected tree(base: number, size: number): number {
    const { probabilities, input } = this;
    let { range, code } = this;
    let node = 1;
    while (node < size) {
      if ((range & TOP_BYTE) === 0) {
        range <<= 8;
        code = (code << 8) | (input[this.at++] ?? 0);
      }
      const index = base + node;
      const probability = probabilities[index] ?? 0;
      const bound = Math.imul(range >>> PROBABILITY_BITS, probability);
      const bit = +(code >>> 0 >= bound >>> 0);
      range = (bound + (-bit & (range - (bound << 1)))) | 0;
      code = (code - (-bit & bound)) | 0;
      probabilities[index] = probability + (((1 << PROBABILITY_BITS) - (-bit & ROUND) - probability) >> MOVE_BITS);
      node = (node << 1) | bit;
    }
    this.range = range;
    this.code = code;
    return node - size;
  }

  protected reverseTree(base: number, bits: number): number {
    const { probabilities, input } = this;
    let { range, code } = this;
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      if ((range & TOP_BYTE) === 0) {
        range <<= 8;
        code = (code << 8) | (input[this.at++] ?? 0);
      }
      const index = base + node;
      const probability = probabilities[index] ?? 0;
      const bound = Math.imul(range >>> PROBABILITY_BITS, probability);
      const bit = +(code >>> 0 >= bound >>> 0);
      range = (bound + (-bit & (range - (bound << 1)))) | 0;
      code = (code - (-bit & bound)) | 0;
      probabilities[index] = probability + (((1 << PROBABILITY_BITS) - (-bit & ROUND) - probability) >> MOVE_BITS);
      node = (node << 1) | bit;
      value |= bit << i;
    }
    this.range = range;
    this.code = code;
    return value;
  }

  protected direct(bits: number): number {
    const { input } = this;
    let { range, code } = this;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      if ((range & TOP_BYTE) === 0) {
        range <<= 8;
        code = (code << 8) | (input[this.at++] ?? 0);
      }
      range >>>= 1;
      const isOne = code >>> 0 >= range >>> 0 ? 1 : 0;
      code = (code - (range & -isOne)) | 0;
      value = (value << 1) | isOne;
    }
    this.range = range;
    this.code = code;
    return value;
  }

  protected bit(index: number): number {
    this.normalize();
    const { range, code } = this;
    const probability = this.probabilities[index] ?? 0;
    const bound = Math.imul(range >>> PROBABILITY_BITS, probability);
    if (code >>> 0 < bound >>> 0) {
      this.range = bound;
      this.probabilities[index] = probability + (((1 << PROBABILITY_BITS) - probability) >> MOVE_BITS);
      return 0;
    }
    this.range = (range - bound) | 0;
    this.code = (code - bound) | 0;
    this.probabilities[index] = probability - (probability >> MOVE_BITS);
    return 1;
  }

  private normalize(): void {
    if ((this.range & TOP_BYTE) !== 0) return;
    this.range <<= 8;
    // Past the end zeros are read, and the chunk is found not to end where it should.
    this.code = (this.code << 8) | (this.input[this.at++] ?? 0);
  }
}
