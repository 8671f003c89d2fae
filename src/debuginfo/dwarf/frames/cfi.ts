/** Call frame information: where callers' registers are saved. */
import { Fault, attempt } from "../../../base/fault.ts";
import type { CfiRow } from "../../source.ts";
import { viewOf } from "../../../base/bytes.ts";
import { type Cie, isPlain, readCie, readPointer } from "./cie.ts";
import { Cursor } from "../cursor.ts";
import { runCfi } from "./cfiProgram.ts";
import { RangeTable } from "../rangeTable.ts";
import type { Section } from "../section.ts";

/** A frame section. `.eh_frame` differs from `.debug_frame` in a few details (Linux Standard Base Core, 10.6). */
export interface FrameSection {
  readonly section: Section;
  readonly eh: boolean;
  /** Runtime address of the section, a distance. Encoded pointers of `.eh_frame` are relative to their own position. */
  readonly start: number;
}

/** Bytes of a usual entry in the frame section of a kernel. */
const USUAL_BYTES = 40;

/** Call frame information by pc (DWARF 5, section 6.4). */
export class FrameTable {
  private readonly frames: FrameSection;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  /** Code range of each FDE, and its offset in the section. */
  private readonly entries: RangeTable;
  private readonly cies = new Map<number, Cie | Fault>();

  /**
   * Reads all headers but no instructions, which takes a few milliseconds for the 50,000 functions of a kernel. @throws
   * Fault
   */
  constructor(frames: FrameSection) {
    this.frames = frames;
    this.bytes = frames.section.bytes(0, frames.section.size);
    this.view = viewOf(this.bytes);
    this.entries = new RangeTable(Math.ceil(this.bytes.length / USUAL_BYTES));
    // A table that ends early is used up to that point.
    attempt(() => this.scan());
  }

  private cursor(at: number, end?: number): Cursor {
    const { name, encoding } = this.frames.section;
    return new Cursor(name, encoding, this.bytes, at, end);
  }

  private scan(): void {
    const cursor = this.cursor(0);
    for (let offset = 0, end = 0; offset < this.bytes.length; offset = end) {
      end = this.addPlain(offset);
      if (end > 0) continue;
      cursor.at = offset;
      const entry = this.enter(cursor);
      if (!entry) break;
      end = entry.end;
      if (entry.cie === undefined) continue;
      const cie = this.cie(entry.cie);
      if (cie instanceof Fault) continue;
      const start = readPointer(cursor, cie, this.frames);
      this.entries.add(start, start + readPointer(cursor, cie, undefined), offset);
    }
  }

  /**
   * Adds an FDE of the usual form: 32-bit DWARF with addresses of 8 bytes that are not encoded. The 50,000 entries of a
   * kernel are all of this form, and a cursor takes four times as long for them. @returns the end of the entry; 0 if it
   * has another form
   */
  private addPlain(offset: number): number {
    const { view, bytes, frames } = this;
    const { little, addressing } = frames.section.encoding;
    if (frames.eh || offset + 24 > bytes.length) return 0;
    const length = view.getUint32(offset, little);
    const id = view.getUint32(offset + 4, little);
    const end = offset + 4 + length;
    if (length < 20 || length >= 0xfffffff0 || end > bytes.length || id === 0xffffffff) return 0;
    const cie = this.cie(id);
    if (cie instanceof Fault || !isPlain(cie)) return 0;
    const word = (at: number): [low: number, high: number] => {
      const [first, second] = [view.getUint32(at, little), view.getUint32(at + 4, little)];
      return little ? [first, second] : [second, first];
    };
    const [low, high] = word(offset + 8);
    const [size, sizeHigh] = word(offset + 16);
    const start = addressing.join(high, low);
    this.entries.add(start, start + size + sizeHigh * 2 ** 32, offset);
    return end;
  }

  /** Reads the head of an entry: its end, and for an FDE the offset of its CIE. Undefined for the terminator. */
  private enter(cursor: Cursor): { readonly end: number; readonly cie: number | undefined } | undefined {
    const { offsetSize, length } = cursor.initialLength();
    if (length === 0) return undefined;
    const at = cursor.at;
    const end = at + length;
    if (end > this.bytes.length) throw Fault.of("truncated", `${cursor.name} ends in the middle of an entry`);
    const id = cursor.unsigned(this.frames.eh ? 4 : offsetSize);
    const isCie = this.frames.eh ? id === 0 : id === 0xffffffff || id >= 2 ** 63;
    return { end, cie: isCie ? undefined : this.frames.eh ? at - id : id };
  }

  private cie(offset: number): Cie | Fault {
    let cie = this.cies.get(offset);
    if (!cie) this.cies.set(offset, (cie = attempt(() => this.readCieAt(offset))));
    return cie;
  }

  private readCieAt(offset: number): Cie {
    const cursor = this.cursor(offset);
    const entry = offset >= 0 ? this.enter(cursor) : undefined;
    if (!entry || entry.cie !== undefined)
      throw Fault.of("corrupt", `${cursor.name} has no CIE at 0x${offset.toString(16)}`);
    return readCie(this.cursor(cursor.at, entry.end));
  }

  /** Returns the row for `pc`, a distance; undefined if no entry covers it. @throws Fault */
  row(pc: number): CfiRow | undefined {
    const found = this.entries.at(pc);
    if (!found) return undefined;
    const cursor = this.cursor(found.value);
    const entry = this.enter(cursor);
    const cie = entry?.cie === undefined ? undefined : this.cie(entry.cie);
    if (!entry || !cie) return undefined;
    if (cie instanceof Fault) throw cie;
    readPointer(cursor, cie, this.frames);
    readPointer(cursor, cie, undefined);
    if (cie.sizedAugmentation) cursor.skip(cursor.uleb());
    return runCfi(cie, this.cursor(cursor.at, entry.end), found.start, pc);
  }
}

/**
 * The frame tables of one image, in the order of search: `.debug_frame`, then `.eh_frame`. Read at the first lookup.
 */
export class FrameTables {
  private readonly sections: readonly FrameSection[];
  private tables: readonly FrameTable[] | undefined;

  constructor(sections: readonly FrameSection[]) {
    this.sections = sections;
  }

  row(pc: number): CfiRow | undefined {
    this.tables ??= this.sections.filter(({ section }) => section.size > 0).map((frames) => new FrameTable(frames));
    for (const table of this.tables) {
      const row = table.row(pc);
      if (row) return row;
    }
    return undefined;
  }
}
