/**
 * The LZMA decoder inside LZMA2. The facts are those of "LZMA specification" (I. Pavlov, public domain).
 */
import { Fault } from "../base/fault.ts";
import { RangeDecoder } from "./rangeDecoder.ts";

const STATES = 12;
const MAX_POSITION_STATES = 1 << 4;
const SLOTS = 1 << 6;
const LITERAL_CODER = 0x300;
/** LZMA2 allows lc + lp <= 4. */
const MAX_LITERAL_CODERS = 1 << 4;
const MIN_MATCH = 2;
/** A longer match is copied by one call, which pays only then. */
const LONG_MATCH = 64;
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

/** The fault of LZMA2 data that no encoder writes. */
export const damaged = (what: string): Fault => Fault.of("corrupt", `its LZMA2 data are damaged: ${what}`);

/** Positions count by sixteens at most: what the window is moved by keeps them. */
export const POSITION_ALIGNMENT = MAX_POSITION_STATES;

/** A chunk by its first bytes; lengths in bytes. */
export interface Chunk {
  readonly control: number;
  /** lc, lp and pb in one byte, of a chunk that sets them. */
  readonly properties: number;
  readonly packed: number;
  readonly unpacked: number;
}

/** Decodes chunks into an output that is window and dictionary at once. */
export class Lzma extends RangeDecoder {
  /** Bytes of the output that are written. */
  done = 0;
  /** Where the dictionary was emptied last: no match reaches before it. */
  private dictionaryStart = 0;
  private needsDictionary = true;
  private output: Uint8Array = new Uint8Array(0);
  private literalContext = -1;
  private literalPositionMask = 0;
  private positionMask = 0;
  private state = 0;
  /** The last distances, less one, the newest first. */
  private rep0 = 0;
  private rep1 = 0;
  private rep2 = 0;
  private rep3 = 0;

  constructor() {
    super(PROBABILITIES);
  }

  /** Begins with other data, into an output of their own. */
  begin(output: Uint8Array): void {
    this.output = output;
    this.done = 0;
    this.dictionaryStart = 0;
    this.needsDictionary = true;
    this.literalContext = -1;
  }

  /** @param input all of the chunk but its header @throws Fault */
  chunk(input: Uint8Array, { control, properties, packed, unpacked }: Chunk): void {
    if (this.needsDictionary && control !== 1 && control < 0xe0) throw damaged("they begin in the middle");
    this.needsDictionary = false;
    if (control === 1 || control >= 0xe0) this.dictionaryStart = this.done;
    if (control < 0x80) {
      if (control > 2) throw damaged("a chunk is of no known kind");
      this.output.set(input, this.done);
      this.done += packed;
      return;
    }
    if (control >= 0xc0) this.setProperties(properties);
    if (control >= 0xa0) this.reset();
    this.unpack(input, unpacked);
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
    this.rep0 = this.rep1 = this.rep2 = this.rep3 = 0;
    this.forgetProbabilities();
  }

  /** @throws Fault */
  private unpack(input: Uint8Array, unpacked: number): void {
    if (this.literalContext < 0) throw damaged("a chunk has no properties");
    if (input[0] !== 0) throw damaged("a chunk does not begin as it should");
    this.start(input);
    this.symbols(this.done + unpacked);
    if (!this.isAtEnd()) throw damaged("a chunk does not end where it should");
  }

  /** Literals and matches until the output is written up to `end`. @throws Fault */
  private symbols(end: number): void {
    while (this.done < end) {
      const position = (this.done - this.dictionaryStart) & this.positionMask;
      const { state } = this;
      if (this.bit(IS_MATCH + state * MAX_POSITION_STATES + position) === 0) {
        this.literal();
        continue;
      }
      let length: number;
      if (this.bit(IS_REP + state) === 0) {
        this.rep3 = this.rep2;
        this.rep2 = this.rep1;
        this.rep1 = this.rep0;
        this.state = state < 7 ? 7 : 10;
        length = this.length(MATCH_LENGTH, position);
        this.rep0 = this.distance(length);
      } else if (this.repeated(state, position)) {
        this.state = state < 7 ? 8 : 11;
        length = this.length(REP_LENGTH, position);
      } else {
        this.state = state < 7 ? 9 : 11;
        length = 1;
      }
      this.match(this.rep0, length, end);
    }
  }

  private literal(): void {
    const { output, done } = this;
    const before = done > this.dictionaryStart ? (output[done - 1] ?? 0) : 0;
    const position = (done - this.dictionaryStart) & this.literalPositionMask;
    const coder = (position << this.literalContext) + (before >> (8 - this.literalContext));
    const base = LITERAL + coder * LITERAL_CODER;
    output[done] =
      this.state < 7 ? this.tree(base, 0x100) : this.matchedLiteral(base, output[done - this.rep0 - 1] ?? 0);
    this.done = done + 1;
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
  }

  /** Brings the distance that is used again to the front. @returns whether a length follows */
  private repeated(state: number, position: number): boolean {
    if (this.bit(IS_REP_G0 + state) === 0) return this.bit(IS_REP0_LONG + state * MAX_POSITION_STATES + position) !== 0;
    let distance = this.rep1;
    if (this.bit(IS_REP_G1 + state) === 1) {
      if (this.bit(IS_REP_G2 + state) === 0) distance = this.rep2;
      else {
        distance = this.rep3;
        this.rep3 = this.rep2;
      }
      this.rep2 = this.rep1;
    }
    this.rep1 = this.rep0;
    this.rep0 = distance;
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
    if (length > LONG_MATCH && distance >= length) output.copyWithin(done, from, from + length);
    else for (let i = 0; i < length; i++) output[done + i] = output[from + i] ?? 0;
    this.done = done + length;
  }
}
