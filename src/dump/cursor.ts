/** Reads a file from its beginning to its end in small steps. */
import { viewOf, type ByteOrder } from "../base/bytes.ts";
import { Fault, orThrow } from "../base/fault.ts";
import { type RandomFile, readBytes } from "../base/file.ts";

/** Number of bytes read at once, so that many small steps need one read. */
const WINDOW = 1 << 16;

/** A position in a file. Reading beyond the end throws a Fault of kind truncated. */
export class FileCursor {
  private view = viewOf(new Uint8Array(0));
  private viewAt = 0;
  private readonly file: RandomFile;
  private readonly little: boolean;
  at: number;

  constructor(file: RandomFile, at: number, order: ByteOrder) {
    this.file = file;
    this.at = at;
    this.little = order === "little";
  }

  get isAtEnd(): boolean {
    return this.at >= this.file.size;
  }

  u8(): number {
    const at = this.take(1);
    return this.view.getUint8(at);
  }

  u16(): number {
    const at = this.take(2);
    return this.view.getUint16(at, this.little);
  }

  u32(): number {
    const at = this.take(4);
    return this.view.getUint32(at, this.little);
  }

  u64(): bigint {
    const at = this.take(8);
    return this.view.getBigUint64(at, this.little);
  }

  /** Reads text of `length` bytes, as Latin-1. */
  text(length: number): string {
    const start = this.take(length);
    return Buffer.from(this.view.buffer, this.view.byteOffset + start, length).toString("latin1");
  }

  /** Returns the next byte without consuming it; undefined at the end of the file. */
  peek(): number | undefined {
    if (this.isAtEnd) return undefined;
    const byte = this.u8();
    this.at--;
    return byte;
  }

  skip(length: number): void {
    this.at += length;
  }

  /** Returns where `length` bytes are in the window, and consumes them. */
  private take(length: number): number {
    const isWithin = this.at >= this.viewAt && this.at + length <= this.viewAt + this.view.byteLength;
    if (!isWithin) {
      const bytes = orThrow(readBytes(this.file, this.at, Math.max(length, WINDOW)));
      if (bytes.length < length) throw Fault.of("truncated", `${this.file.name}: ends at offset ${this.file.size}`);
      this.view = viewOf(bytes);
      this.viewAt = this.at;
    }
    const start = this.at - this.viewAt;
    this.at += length;
    return start;
  }
}
