import type { ByteOrder } from "../../src/base/bytes.ts";

/** A file in the making, written at any offset: gaps are zeros, the end moves as needed. */
export class ImageWriter {
  private bytes = new Uint8Array(4096);
  private length = 0;
  private readonly little: boolean;

  constructor(order: ByteOrder) {
    this.little = order === "little";
  }

  u16(at: number, value: number): void {
    this.view(at, 2).setUint16(at, value, this.little);
  }

  u32(at: number, value: number): void {
    this.view(at, 4).setUint32(at, value, this.little);
  }

  u64(at: number, value: number | bigint): void {
    this.view(at, 8).setBigUint64(at, BigInt.asUintN(64, BigInt(value)), this.little);
  }

  /** An integer of 4 or 8 bytes. */
  word(at: number, size: 4 | 8, value: number | bigint): void {
    if (size === 8) this.u64(at, value);
    else this.u32(at, Number(value));
  }

  put(at: number, bytes: Uint8Array | string): void {
    const data = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    this.view(at, data.length);
    this.bytes.set(data, at);
  }

  /** Sets one bit of a bitmap that begins at `at`. */
  setBit(at: number, bit: number): void {
    const byte = at + Math.floor(bit / 8);
    this.view(byte, 1);
    this.bytes[byte]! |= 1 << (bit % 8);
  }

  /** Where the file ends as yet. */
  get end(): number {
    return this.length;
  }

  done(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private view(at: number, size: number): DataView {
    this.length = Math.max(this.length, at + size);
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(2 ** Math.ceil(Math.log2(this.length)));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    return new DataView(this.bytes.buffer);
  }
}

/** A page that says which one it is: compresses well, and no two are the same. */
export function markedPage(pfn: number, size = 4096): Uint8Array {
  const text = Buffer.from(`page ${pfn} `);
  return Uint8Array.from({ length: size }, (_, at) => (at % 64 === 63 ? (at >> 6) & 0xff : text[at % text.length]!));
}

/** Numbers from 0 up to a bound, the same on every machine for the same seed (mulberry32). */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
