/** Reads DWARF sections in parts. */
import { cString } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { type RandomFile, bytesFile } from "../../base/file.ts";
import { Lru } from "../../base/lru.ts";
import { Cursor, type Encoding } from "./cursor.ts";

const WINDOW = 1 << 16;
/** Maximum size of the cache of each section: 2 MiB. */
const WINDOWS_KEPT = 32;
/** Maximum length of a name in bytes. */
const MAX_TEXT = 1 << 16;

/** One DWARF section, read in parts unless the whole is requested. */
export class Section {
  readonly name: string;
  readonly size: number;
  readonly encoding: Encoding;
  private readonly file: RandomFile;
  private readonly windows = new Lru<number, Uint8Array>(WINDOWS_KEPT);

  constructor(name: string, encoding: Encoding, file: RandomFile = bytesFile(name, new Uint8Array(0))) {
    this.name = name;
    this.encoding = encoding;
    this.file = file;
    this.size = file.size;
  }

  /** Returns a copy of exactly `length` bytes. @throws Fault truncated */
  bytes(offset: number, length: number): Uint8Array {
    if (!(length <= this.size - offset)) throw this.truncated(offset);
    const bytes = this.file.read(offset, length);
    if (bytes.length < length) throw this.truncated(offset);
    return bytes;
  }

  private truncated(offset: number): Fault {
    return Fault.of("truncated", `${this.name} has ${this.size} bytes, 0x${offset.toString(16)} is beyond them`);
  }

  /** Returns the bytes from `offset` to the end of its window of 64 KiB; empty after the end of the section. */
  window(offset: number): Uint8Array {
    const index = Math.floor(offset / WINDOW);
    let window = this.windows.get(index);
    if (!window) {
      window = this.file.read(index * WINDOW, WINDOW);
      this.windows.set(index, window);
    }
    return window.subarray(offset - index * WINDOW);
  }

  /** Returns at least `atLeast` bytes from `offset`, for a cursor that reads over the end of its window. */
  bytesFrom(offset: number, atLeast: number): Uint8Array {
    return this.file.read(offset, Math.max(atLeast, 4096));
  }

  /** Reads NUL-terminated text. @throws Fault truncated if no NUL follows within MAX_TEXT bytes */
  text(offset: number): string {
    if (!(offset >= 0 && offset < this.size)) throw this.truncated(offset);
    const window = this.window(offset);
    if (window.indexOf(0) >= 0) return cString(window);
    const bytes = this.file.read(offset, Math.min(MAX_TEXT, this.size - offset));
    if (bytes.indexOf(0) < 0) throw Fault.of("truncated", `${this.name} ends in the middle of a text`);
    return cString(bytes);
  }

  /** Returns a cursor that begins at `offset`. */
  cursor(offset: number): SectionCursor {
    if (!(offset >= 0 && offset <= this.size)) throw this.truncated(offset);
    return new SectionCursor(this, offset);
  }
}

/** A cursor that fetches more of its section when needed. */
export class SectionCursor extends Cursor {
  private readonly section: Section;
  /** Offset of `bytes` in the section. */
  private origin: number;

  constructor(section: Section, offset: number) {
    super(section.name, section.encoding, section.window(offset));
    this.section = section;
    this.origin = offset;
  }

  /** Offset of the next byte in the section. */
  get offset(): number {
    return this.origin + this.at;
  }

  protected override need(count: number): void {
    if (this.at + count <= this.end) return;
    if (!(this.offset + count <= this.section.size)) super.need(count);
    this.origin += this.at;
    this.bytes = this.section.bytesFrom(this.origin, count);
    this.at = 0;
    this.end = this.bytes.length;
    super.need(count);
  }

  override skip(count: number): void {
    if (this.at + count <= this.end) this.at += count;
    else if (this.offset + count <= this.section.size) {
      this.origin = this.offset + count;
      this.bytes = this.section.window(this.origin);
      this.at = 0;
      this.end = this.bytes.length;
    } else super.need(count);
  }

  override skipText(): void {
    while (this.u8() !== 0);
  }

  override text(): string {
    const start = this.offset;
    this.skipText();
    return this.section.text(start);
  }
}
