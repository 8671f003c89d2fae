/** Call frame information: where callers' registers are saved. */
import { Fault, attempt } from "../../../base/fault.ts";
import type { CfiRow } from "../../source.ts";
import { type Cie, readCie, readPointer } from "./cie.ts";
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

/** Call frame information by pc (DWARF 5, section 6.4). */
export class FrameTable {
  private readonly frames: FrameSection;
  private readonly bytes: Uint8Array;
  /** Code range of each FDE, and its offset in the section. */
  private readonly entries = new RangeTable(1024);
  private readonly cies = new Map<number, Cie | Fault>();

  /**
   * Reads all headers but no instructions, which takes a few milliseconds for the 50,000 functions of a kernel. @throws
   * Fault
   */
  constructor(frames: FrameSection) {
    this.frames = frames;
    this.bytes = frames.section.bytes(0, frames.section.size);
    // A table that ends early is used up to that point.
    attempt(() => this.scan());
  }

  private cursor(at: number, end?: number): Cursor {
    const { name, encoding } = this.frames.section;
    return new Cursor(name, encoding, this.bytes, at, end);
  }

  private scan(): void {
    const cursor = this.cursor(0);
    for (let end = 0; end < this.bytes.length;) {
      const offset = (cursor.at = end);
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
