/**
 * The LZMA decoder inside LZMA2. The facts are those of "LZMA specification" (I. Pavlov, public domain).
 */
import { Fault } from "../base/fault.ts";

const STATES = 12;
const MAX_POSITION_STATES = 1 << 4;
const SLOTS = 1 << 6;
const LITERAL_CODER = 0x300;
/** LZMA2 allows lc + lp <= 4. */
const MAX_LITERAL_CODERS = 1 << 4;
const MIN_MATCH = 2;
/** Distances of slots below have no bits of their own, of slots from END on all but four bits are equally likely. */
const START_DISTANCE_SLOT = 4;
const END_DISTANCE_SLOT = 14;
const ALIGN_BITS = 4;

/** Probabilities of a length: a choice, another, then 8 short and 8 middle ones by position, 256 long ones. */
const LENGTH_LOW = 2;
const LENGTH_MID = LENGTH_LOW + MAX_POSITION_STATES * 8;
const LENGTH_HIGH = LENGTH_MID + MAX_POSITION_STATES * 8;
const LENGTH_CODER = LENGTH_HIGH + 256;

/** All probabilities lie in one array, in this order. */
const IS_MATCH = 0;
const IS_REP = IS_MATCH + STATES * MAX_POSITION_STATES;
const IS_REP_G0 = IS_REP + STATES;
const IS_REP_G1 = IS_REP_G0 + STATES;
const IS_REP_G2 = IS_REP_G1 + STATES;
const IS_REP0_LONG = IS_REP_G2 + STATES;
const DISTANCE_SLOT = IS_REP0_LONG + STATES * MAX_POSITION_STATES;
const DISTANCE_SPECIAL = DISTANCE_SLOT + 4 * SLOTS;
const DISTANCE_ALIGN = DISTANCE_SPECIAL + 128;
const MATCH_LENGTH = DISTANCE_ALIGN + (1 << ALIGN_BITS);
const REP_LENGTH = MATCH_LENGTH + LENGTH_CODER;
const LITERAL = REP_LENGTH + LENGTH_CODER;
const PROBABILITIES = LITERAL + MAX_LITERAL_CODERS * LITERAL_CODER;

const PROBABILITY_BITS = 11;
const MOVE_BITS = 5;
const SIGN = 1 << 31;

/** The fault of LZMA2 data that no encoder writes. */
export const damaged = (what: string): Fault => Fault.of("corrupt", `its LZMA2 data are damaged: ${what}`);

/** Positions count by sixteens at most: what the window is moved by keeps them. */
export const POSITION_ALIGNMENT = MAX_POSITION_STATES;

/** A chunk by its first bytes; lengths in bytes. */
export interface Chunk {
  readonly control: number;
  readonly header: number;
  readonly packed: number;
  readonly unpacked: number;
}

/**
 * The range decoder and what it feeds. Its words are kept signed, which engines hold without a box: less than is asked
 * for with the sign bits turned.
 */
export class Lzma {
  /** Bytes of the output that are written. */
  done = 0;
  /** Where the dictionary was emptied last: no match reaches before it. */
  private dictionaryStart = 0;
  private needsDictionary = true;
  private input: Uint8Array = new Uint8Array(0);
  private readonly output: Uint8Array;
  private readonly probabilities = new Uint16Array(PROBABILITIES);
  private literalContext = -1;
  private literalPositionMask = 0;
  private positionMask = 0;
  private state = 0;
  private readonly rep = new Int32Array(4);
  private at = 0;
  private range = 0;
  private code = 0;

  constructor(output: Uint8Array) {
    this.output = output;
  }

  /** @throws Fault */
  chunk(input: Uint8Array, at: number, { control, header, packed, unpacked }: Chunk): void {
    if (this.needsDictionary && control !== 1 && control < 0xe0) throw damaged("they begin in the middle");
    this.needsDictionary = false;
    if (control === 1 || control >= 0xe0) this.dictionaryStart = this.done;
    this.input = input;
    const data = at + header;
    if (data + packed > input.length) throw damaged("they end early");
    if (unpacked > this.output.length - this.done) throw damaged("they are more than the file says");
    if (control < 0x80) {
      if (control > 2) throw damaged("a chunk is of no known kind");
      this.output.set(input.subarray(data, data + packed), this.done);
      this.done += packed;
      return;
    }
    if (control >= 0xc0) this.setProperties(input[data - 1] ?? 0xff);
    if (control >= 0xa0) this.reset();
    this.unpack(data, packed, unpacked);
  }

  /** Moves what was unpacked down over its oldest bytes. */
  forget(count: number): void {
    this.output.copyWithin(0, count, this.done);
    this.done -= count;
    this.dictionaryStart -= count;
  }

  /** @throws Fault */
  private setProperties(byte: number): void {
    const [lc, lp, pb] = [byte % 9, Math.trunc(byte / 9) % 5, Math.trunc(byte / 45)];
    if (pb > 4 || lc + lp > 4) throw damaged("a chunk has impossible properties");
    this.literalContext = lc;
    this.literalPositionMask = (1 << lp) - 1;
    this.positionMask = (1 << pb) - 1;
  }

  private reset(): void {
    this.state = 0;
    this.rep.fill(0);
    this.probabilities.fill(1 << (PROBABILITY_BITS - 1));
  }

  /** @throws Fault */
  private unpack(from: number, packed: number, unpacked: number): void {
    if (this.literalContext < 0) throw damaged("a chunk has no properties");
    if (this.input[from] !== 0) throw damaged("a chunk does not begin as it should");
    this.range = -1;
    this.code = 0;
    for (let i = 1; i < 5; i++) this.code = (this.code << 8) | (this.input[from + i] ?? 0);
    this.at = from + 5;
    this.symbols(this.done + unpacked);
    this.normalize();
    if (this.code !== 0 || this.at !== from + packed) throw damaged("a chunk does not end where it should");
  }

  /** Literals and matches until the output is written up to `end`. @throws Fault */
  private symbols(end: number): void {
    const { rep } = this;
    while (this.done < end) {
      const position = (this.done - this.dictionaryStart) & this.positionMask;
      const { state } = this;
      if (this.bit(IS_MATCH + state * MAX_POSITION_STATES + position) === 0) {
        this.literal();
        continue;
      }
      let length: number;
      if (this.bit(IS_REP + state) === 0) {
        rep.copyWithin(1, 0, 3);
        this.state = state < 7 ? 7 : 10;
        length = this.length(MATCH_LENGTH, position);
        rep[0] = this.distance(length);
      } else if (this.repeated(state, position)) {
        this.state = state < 7 ? 8 : 11;
        length = this.length(REP_LENGTH, position);
      } else {
        this.state = state < 7 ? 9 : 11;
        length = 1;
      }
      this.match(rep[0] ?? 0, length, end);
    }
  }

  private literal(): void {
    const { output, done } = this;
    const before = done > this.dictionaryStart ? (output[done - 1] ?? 0) : 0;
    const position = (done - this.dictionaryStart) & this.literalPositionMask;
    const coder = (position << this.literalContext) + (before >> (8 - this.literalContext));
    const base = LITERAL + coder * LITERAL_CODER;
    let symbol = 1;
    if (this.state >= 7) {
      let matched = (output[done - (this.rep[0] ?? 0) - 1] ?? 0) << 1;
      let offset = 0x100;
      while (symbol < 0x100) {
        const bit = this.bit(base + offset + (matched & offset) + symbol);
        symbol = (symbol << 1) | bit;
        offset &= bit === 0 ? ~matched : matched;
        matched <<= 1;
      }
    } else while (symbol < 0x100) symbol = (symbol << 1) | this.bit(base + symbol);
    output[done] = symbol;
    this.done = done + 1;
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
  }

  /** Brings the distance that is used again to the front. @returns whether a length follows */
  private repeated(state: number, position: number): boolean {
    if (this.bit(IS_REP_G0 + state) === 0) return this.bit(IS_REP0_LONG + state * MAX_POSITION_STATES + position) !== 0;
    const which = this.bit(IS_REP_G1 + state) === 0 ? 1 : 2 + this.bit(IS_REP_G2 + state);
    const distance = this.rep[which] ?? 0;
    this.rep.copyWithin(1, 0, which);
    this.rep[0] = distance;
    return true;
  }

  private length(base: number, position: number): number {
    if (this.bit(base) === 0) return MIN_MATCH + this.tree(base + LENGTH_LOW + position * 8, 8);
    if (this.bit(base + 1) === 0) return MIN_MATCH + 8 + this.tree(base + LENGTH_MID + position * 8, 8);
    return MIN_MATCH + 16 + this.tree(base + LENGTH_HIGH, 256);
  }

  /** How far a match lies back, less one. */
  private distance(length: number): number {
    const slot = this.tree(DISTANCE_SLOT + Math.min(length - MIN_MATCH, 3) * SLOTS, SLOTS);
    if (slot < START_DISTANCE_SLOT) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) << bits;
    if (slot < END_DISTANCE_SLOT) return high + this.reverseTree(DISTANCE_SPECIAL + high - slot, bits);
    return high + (this.direct(bits - ALIGN_BITS) << ALIGN_BITS) + this.reverseTree(DISTANCE_ALIGN, ALIGN_BITS);
  }

  /** @throws Fault */
  private match(distance: number, length: number, end: number): void {
    const { output, done } = this;
    if (distance < 0 || distance >= done - Math.max(0, this.dictionaryStart))
      throw damaged("a match reaches back too far");
    if (length > end - done) throw damaged("a match goes on into the next chunk");
    const from = done - distance - 1;
    for (let i = 0; i < length; i++) output[done + i] = output[from + i] ?? 0;
    this.done = done + length;
  }

  /** @param size how many leaves the tree has, a power of two */
  private tree(base: number, size: number): number {
    let node = 1;
    while (node < size) node = (node << 1) | this.bit(base + node);
    return node - size;
  }

  private reverseTree(base: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(base + node);
      node = (node << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  private direct(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      this.normalize();
      this.range >>>= 1;
      const isOne = (this.code ^ SIGN) >= (this.range ^ SIGN);
      if (isOne) this.code = (this.code - this.range) | 0;
      value = (value << 1) | (isOne ? 1 : 0);
    }
    return value;
  }

  private bit(index: number): 0 | 1 {
    this.normalize();
    const probability = this.probabilities[index] ?? 0;
    const bound = Math.imul(this.range >>> PROBABILITY_BITS, probability);
    if ((this.code ^ SIGN) < (bound ^ SIGN)) {
      this.range = bound;
      this.probabilities[index] = probability + (((1 << PROBABILITY_BITS) - probability) >> MOVE_BITS);
      return 0;
    }
    this.range = (this.range - bound) | 0;
    this.code = (this.code - bound) | 0;
    this.probabilities[index] = probability - (probability >> MOVE_BITS);
    return 1;
  }

  private normalize(): void {
    if ((this.range & 0xff000000) !== 0) return;
    this.range <<= 8;
    // Past the end zeros are read, and the chunk is found not to end where it should.
    this.code = (this.code << 8) | (this.input[this.at++] ?? 0);
  }
}
