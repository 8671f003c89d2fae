/** The LZMA decoder inside LZMA2. Source of the format: "LZMA specification" (I. Pavlov, public domain). */
import { Fault } from "../base/fault.ts";
import { RangeDecoder } from "./rangeDecoder.ts";

const STATES = 12;
const MAX_POSITION_STATES = 1 << 4;
const SLOTS = 1 << 6;
const LITERAL_CODER = 0x300;
/** LZMA2 requires lc + lp <= 4. */
const MAX_LITERAL_CODERS = 1 << 4;
const MIN_MATCH = 2;
/** Matches longer than this, in bytes, are copied with one call, which is faster only for long matches. */
const LONG_MATCH = 64;
/**
 * Distances of slots below START have no extra bits. For slots from END on, all extra bits but four have equal
 * probability.
 */
const START_DISTANCE_SLOT = 4;
const END_DISTANCE_SLOT = 14;
const ALIGN_BITS = 4;

/**
 * Layout of the probabilities of a length: two choices, then 8 short and 8 middle lengths for each position, then 256
 * long lengths.
 */
const LENGTH_LOW = 2;
const LENGTH_MID = LENGTH_LOW + MAX_POSITION_STATES * 8;
const LENGTH_HIGH = LENGTH_MID + MAX_POSITION_STATES * 8;
const LENGTH_CODER = LENGTH_HIGH + 256;

/** All probabilities are in one array, in this order. */
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

/** Returns the fault for LZMA2 data that no encoder writes. */
export const damaged = (what: string): Fault => Fault.of("corrupt", `its LZMA2 data are damaged: ${what}`);

/** The window is moved by multiples of this, in bytes, so that positions modulo 16 do not change. */
export const POSITION_ALIGNMENT = MAX_POSITION_STATES;

/** The header of a chunk; lengths in bytes. */
export interface Chunk {
  readonly control: number;
  /** lc, lp and pb in one byte, if the chunk sets them. */
  readonly properties: number;
  readonly packed: number;
  readonly unpacked: number;
}

/** Decodes chunks into an output buffer that is also the dictionary. */
export class Lzma extends RangeDecoder {
  /** Number of bytes of the output that are written. */
  done = 0;
  /** The index at which the dictionary was last reset: no match may refer to bytes before it. */
  private dictionaryStart = 0;
  private needsDictionary = true;
  private output: Uint8Array = new Uint8Array(0);
  private literalContext = -1;
  private literalPositionMask = 0;
  private positionMask = 0;
  private state = 0;
  /** The last four match distances minus one, the newest first. */
  private rep0 = 0;
  private rep1 = 0;
  private rep2 = 0;
  private rep3 = 0;

  constructor() {
    super(PROBABILITIES);
  }

  /** Begins to decode new data into a new output buffer. */
  begin(output: Uint8Array): void {
    this.output = output;
    this.done = 0;
    this.dictionaryStart = 0;
    this.needsDictionary = true;
    this.literalContext = -1;
  }

  /**
   * Decodes one chunk.
   * @param input the chunk without its header
   * @throws Fault corrupt
   */
  chunk(input: Uint8Array, { control, properties, packed, unpacked }: Chunk): void {
    if (this.needsDictionary && control !== 1 && control < 0xe0)
      throw damaged("the first chunk does not reset the dictionary");
    this.needsDictionary = false;
    if (control === 1 || control >= 0xe0) this.dictionaryStart = this.done;
    if (control < 0x80) {
      if (control > 2) throw damaged("a chunk has an unknown kind");
      this.output.set(input, this.done);
      this.done += packed;
      return;
    }
    if (control >= 0xc0) this.setProperties(properties);
    if (control >= 0xa0) this.reset();
    this.unpack(input, unpacked);
  }

  /** Discards the oldest `count` bytes of the output by moving the rest down. */
  forget(count: number): void {
    this.output.copyWithin(0, count, this.done);
    this.done -= count;
    this.dictionaryStart -= count;
  }

  /** Sets lc, lp and pb from their byte. @throws Fault corrupt for impossible properties */
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

  /** @throws Fault corrupt */
  private unpack(input: Uint8Array, unpacked: number): void {
    if (this.literalContext < 0) throw damaged("a chunk has no properties");
    if (input[0] !== 0) throw damaged("the first byte of a chunk is not zero");
    this.start(input);
    this.symbols(this.done + unpacked);
    if (!this.isAtEnd()) throw damaged("a chunk has more or fewer bytes than its header states");
  }

  /** Decodes literals and matches until the output is written up to the index `end`. @throws Fault corrupt */
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

  /**
   * Moves the distance that is repeated to the front.
   * @returns whether a length follows
   */
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

  /** Decodes the distance of a match, minus one. */
  private distance(length: number): number {
    const slot = this.tree(DISTANCE_SLOT + Math.min(length - MIN_MATCH, 3) * SLOTS, SLOTS);
    if (slot < START_DISTANCE_SLOT) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) << bits;
    if (slot < END_DISTANCE_SLOT) return high + this.reverseTree(DISTANCE_SPECIAL + high - slot, bits);
    return high + (this.direct(bits - ALIGN_BITS) << ALIGN_BITS) + this.reverseTree(DISTANCE_ALIGN, ALIGN_BITS);
  }

  /**
   * Copies a match.
   * @throws Fault corrupt if it begins before the dictionary or ends after the chunk
   */
  private match(distance: number, length: number, end: number): void {
    const { output, done } = this;
    if (distance < 0 || distance >= done - Math.max(0, this.dictionaryStart))
      throw damaged("a match begins before the dictionary");
    if (length > end - done) throw damaged("a match ends after its chunk");
    const from = done - distance - 1;
    if (length > LONG_MATCH && distance >= length) output.copyWithin(done, from, from + length);
    else for (let i = 0; i < length; i++) output[done + i] = output[from + i] ?? 0;
    this.done = done + length;
  }
}
