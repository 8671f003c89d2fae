/** Reads DWARF data sequentially. */
import { Fault } from "../../base/fault.ts";
import type { Addressing } from "../addressing.ts";

const decoder = new TextDecoder("utf-8", { fatal: false });

/** How a file encodes the data of its sections. */
export interface Encoding {
  readonly little: boolean;
  readonly addressing: Addressing;
}

/**
 * A read position in DWARF data. Reading past the end throws a Fault. Methods that return numbers lose the lowest bits
 * of values beyond 2^53.
 */
export class Cursor {
  /** Name of the section, for messages. */
  readonly name: string;
  readonly encoding: Encoding;
  protected bytes: Uint8Array;
  /** Position of the next byte in `bytes`. */
  at: number;
  /** End of the readable part of `bytes`. */
  end: number;

  constructor(name: string, encoding: Encoding, bytes: Uint8Array, at = 0, end = bytes.length) {
    this.name = name;
    this.encoding = encoding;
    this.bytes = bytes;
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }

  /** Checks that `count` more bytes are available; a subclass may read them. @throws Fault truncated */
  protected need(count: number): void {
    if (!(this.at + count <= this.end)) throw Fault.of("truncated", `${this.name} ends in the middle of a value`);
  }

  skip(count: number): void {
    this.need(count);
    this.at += count;
  }

  // In the following methods `need` has checked that the bytes are available.

  u8(): number {
    if (this.at >= this.end) this.need(1);
    return this.bytes[this.at++] as number;
  }

  u16(): number {
    this.need(2);
    const { bytes, at } = this;
    this.at += 2;
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    return this.encoding.little ? first | (second << 8) : (first << 8) | second;
  }

  u24(): number {
    if (this.encoding.little) return this.u16() | (this.u8() << 16);
    return (this.u16() << 8) | this.u8();
  }

  u32(): number {
    this.need(4);
    const { bytes, at } = this;
    this.at += 4;
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    return (this.encoding.little ? a | (b << 8) | (c << 16) | (d << 24) : (a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }

  u64(): number {
    this.need(8);
    const first = this.u32();
    const second = this.u32();
    return this.encoding.little ? second * 0x100000000 + first : first * 0x100000000 + second;
  }

  big64(): bigint {
    this.need(8);
    const first = BigInt(this.u32());
    const second = BigInt(this.u32());
    return this.encoding.little ? (second << 32n) | first : (first << 32n) | second;
  }

  /** Reads an unsigned integer of 1, 2, 4 or 8 bytes. @throws Fault corrupt for another size */
  unsigned(size: number): number {
    switch (size) {
      case 1:
        return this.u8();
      case 2:
        return this.u16();
      case 4:
        return this.u32();
      case 8:
        return this.u64();
      default:
        throw Fault.of("corrupt", `${this.name} has an integer of ${size} bytes, not of 1, 2, 4 or 8`);
    }
  }

  uleb(): number {
    let byte = this.u8();
    let value = byte & 0x7f;
    for (let factor = 128; byte & 0x80; factor *= 128) {
      byte = this.u8();
      value += (byte & 0x7f) * factor;
    }
    return value;
  }

  sleb(): number {
    let factor = 1;
    let value = 0;
    let byte: number;
    do {
      byte = this.u8();
      value += (byte & 0x7f) * factor;
      factor *= 128;
    } while (byte & 0x80);
    return byte & 0x40 ? value - factor : value;
  }

  /** Reads a LEB128 number of up to 64 bits; drops bits that exceed 64. */
  bigUleb(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return BigInt.asUintN(64, value);
    }
  }

  bigSleb(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return BigInt.asIntN(64, byte & 0x40 ? value - (128n << shift) : value);
    }
  }

  skipLeb(): void {
    while (this.u8() & 0x80);
  }

  /** Reads an address. @returns its signed distance from the base of the image (`Addressing`) */
  address(size: number): number {
    const { little, addressing } = this.encoding;
    if (size === 4) return addressing.join(0, this.u32());
    if (size !== 8) throw Fault.of("corrupt", `${this.name} has addresses of ${size} bytes, not of 4 or 8`);
    this.need(8);
    const first = this.u32();
    const second = this.u32();
    return little ? addressing.join(second, first) : addressing.join(first, second);
  }

  /** Reads a `unit_length`: the size of offsets (4 or 8 bytes) and the length of the unit (DWARF 5, 7.4). */
  initialLength(): { readonly offsetSize: 4 | 8; readonly length: number } {
    const length = this.u32();
    if (length === 0xffffffff) return { offsetSize: 8, length: this.u64() };
    if (length >= 0xfffffff0) throw Fault.of("corrupt", `${this.name} has a reserved unit length`);
    return { offsetSize: 4, length };
  }

  /** Returns the next `count` bytes, which share memory with the section. */
  take(count: number): Uint8Array {
    this.need(count);
    const bytes = this.bytes.subarray(this.at, this.at + count);
    this.at += count;
    return bytes;
  }

  /** Reads NUL-terminated text. */
  text(): string {
    const start = this.at;
    this.skipText();
    return decoder.decode(this.bytes.subarray(start, this.at - 1));
  }

  skipText(): void {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0 || end >= this.end) throw Fault.of("truncated", `${this.name} ends in the middle of a text`);
    this.at = end + 1;
  }
}
