/**
 * The range decoder of LZMA: decodes bits by their probabilities. Source of the format: "LZMA specification" (I.
 * Pavlov, public domain).
 */

const PROBABILITY_BITS = 11;
const MOVE_BITS = 5;
/**
 * With a mask of all ones for a decoded 1, and of zeros for a 0, the new probability is p + ((2048 - (mask & ROUND) - p) >> 5):
 * p + ((2048 - p) >> 5) for a 0, and p - (p >> 5) for a 1, because the 1 makes the shift of a negative number round up.
 */
const ROUND = (1 << PROBABILITY_BITS) - (1 << MOVE_BITS) + 1;
/** While these bits of the range are zero, the range is too small and another byte is read. */
const TOP_BYTE = 0xff << 24;

/**
 * Decodes bits. Words are signed, because engines then need no boxed numbers; they are compared as unsigned. Most bits
 * are decoded in `tree`, `reverseTree` and `matchedLiteral`. Each repeats the steps of `bit` without a branch and with
 * range and code in local variables, which makes decoding a third faster.
 */
export class RangeDecoder {
  private input: Uint8Array = new Uint8Array(0);
  private readonly probabilities: Uint16Array;
  private at = 0;
  private range = 0;
  private code = 0;

  /** @param count number of probabilities; the methods take an index of one */
  constructor(count: number) {
    this.probabilities = new Uint16Array(count);
  }

  /** Begins to decode new bytes. Reads after their end give zeros. */
  protected start(input: Uint8Array): void {
    this.input = input;
    this.range = -1;
    this.code = 0;
    // The first byte of every stream is 0 and is not read.
    for (let i = 1; i < 5; i++) this.code = (this.code << 8) | (input[i] ?? 0);
    this.at = 5;
  }

  /** Whether exactly all input bytes were read and the code has the final value that an encoder leaves. */
  protected isAtEnd(): boolean {
    this.normalize();
    return this.code === 0 && this.at === this.input.length;
  }

  /** Resets the probability of every bit to one half. */
  protected forgetProbabilities(): void {
    this.probabilities.fill(1 << (PROBABILITY_BITS - 1));
  }

  /**
   * Decodes a literal after a match.
   * @param matched the byte at the distance of the last match; its bits choose the probabilities as long as they agree
   */
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

  /**
   * Decodes a symbol with a bit tree.
   * @param size number of leaves of the tree, a power of two
   */
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

  /** Decodes a number with a bit tree, lowest bit first. */
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

  /** Decodes bits that have no probabilities, highest bit first. */
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

  /** Decodes one bit. @param index of its probability */
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
    // Reads after the end give zeros; `isAtEnd` then reports that the chunk is too short.
    this.code = (this.code << 8) | (this.input[this.at++] ?? 0);
  }
}
