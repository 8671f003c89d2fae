import type { ByteOrder } from "../../src/base/bytes.ts";

/** Writes binary data field by field, in one byte order. */
export class ByteWriter {
  private readonly bytes: number[] = [];
  readonly order: ByteOrder;

  constructor(order: ByteOrder = "little") {
    this.order = order;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** An integer of `size` bytes, negative ones in two's complement. */
  int(size: number, value: number | bigint): this {
    return this.patch(this.bytes.length, size, value);
  }

  /** An integer at a place written before, or right behind the end. */
  patch(at: number, size: number, value: number | bigint): this {
    let rest = BigInt.asUintN(size * 8, BigInt(value));
    for (let i = 0; i < size; i++) {
      this.bytes[at + (this.order === "little" ? i : size - 1 - i)] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    return this;
  }

  u8(...values: readonly number[]): this {
    for (const value of values) this.bytes.push(value & 0xff);
    return this;
  }
  u16(value: number): this {
    return this.int(2, value);
  }
  u32(value: number | bigint): this {
    return this.int(4, value);
  }
  u64(value: number | bigint): this {
    return this.int(8, value);
  }

  uleb(value: number | bigint): this {
    let rest = BigInt(value);
    do {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      this.bytes.push(rest === 0n ? byte : byte | 0x80);
    } while (rest !== 0n);
    return this;
  }

  sleb(value: number | bigint): this {
    let rest = BigInt(value);
    for (;;) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      const last = (rest === 0n && !(byte & 0x40)) || (rest === -1n && !!(byte & 0x40));
      this.bytes.push(last ? byte : byte | 0x80);
      if (last) return this;
    }
  }

  /** Text with its NUL. */
  text(text: string): this {
    return this.append(new TextEncoder().encode(text)).u8(0);
  }

  append(bytes: Uint8Array | readonly number[]): this {
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }

  align(to: number): this {
    while (this.bytes.length % to !== 0) this.bytes.push(0);
    return this;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}
