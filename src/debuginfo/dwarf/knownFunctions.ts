/** Positions of functions that sessions found, saved for later sessions. */
import { attempt, Fault } from "../../base/fault.ts";
import { DW_TAG_subprogram } from "./constants.ts";
import type { Die } from "./die.ts";
import type { Image } from "./image.ts";
import { dieRanges } from "./ranges.ts";
import { RangeTable } from "./rangeTable.ts";

/** Number of fields of an entry: start, end, the unit's offset and the DIE's offset in it. */
const ROW = 4;
/** Maximum number of entries. A kernel has about 60,000 functions; stacks contain hundreds. */
const MAX_ROWS = 1 << 16;

/**
 * Functions found so far and the positions of their DIEs. Finding one otherwise takes a scan of its whole unit. Most
 * stacks of a kernel contain the same functions.
 */
export class KnownFunctions {
  private readonly image: Image;
  private saved: (() => Uint8Array | undefined) | undefined;
  /** Address ranges of the entries of earlier sessions; the value is the index in `rows` of the entry's first field. */
  private ranges = new RangeTable();
  private rows: number[] = [];
  private readonly seen = new Set<string>();
  private isNew = false;

  /** @param saved result of `save` in another session. Data of another file is ignored, wrong entries are detected */
  constructor(image: Image, saved: (() => Uint8Array | undefined) | undefined) {
    this.image = image;
    this.saved = saved;
  }

  private restore(): void {
    const bytes = this.saved?.();
    this.saved = undefined;
    if (!bytes || bytes.length % 8 !== 0) return;
    const [size, ...rows] = new Float64Array(bytes.slice().buffer);
    if (size !== this.image.info.size || rows.length % ROW !== 0 || rows.length > MAX_ROWS * ROW) return;
    if (!rows.every((one) => Number.isSafeInteger(one))) return;
    this.rows = rows;
    for (let i = 0; i < rows.length; i += ROW) this.ranges.add(rows[i] ?? 0, rows[i + 1] ?? 0, i);
  }

  /**
   * Returns the DIE of the function whose code contains `pc`, a distance; undefined if no earlier session found it or
   * the saved entry is wrong.
   */
  at(pc: number): Die | undefined {
    this.restore();
    const row = this.ranges.at(pc)?.value;
    if (row === undefined) return undefined;
    const die = attempt(() => {
      const found = this.image.unitAt(this.rows[row + 2] ?? 0).die(this.rows[row + 3] ?? 0);
      return found.tag === DW_TAG_subprogram && rangeHolding(found, pc) ? found : undefined;
    });
    return die instanceof Fault ? undefined : die;
  }

  /** Adds a function that was found by a scan to the entries for later sessions. */
  add(die: Die, pc: number): void {
    const range = attempt(() => rangeHolding(die, pc));
    if (!range || range instanceof Fault || this.rows.length >= MAX_ROWS * ROW) return;
    const key = `${die.unit.offset} ${die.offset} ${range.start}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.rows.push(range.start, range.end, die.unit.offset, die.offset);
    this.isNew = true;
  }

  /** Returns all entries for later sessions; undefined if nothing was added since the last call. */
  save(): Uint8Array<ArrayBuffer> | undefined {
    if (!this.isNew) return undefined;
    this.isNew = false;
    return new Uint8Array(Float64Array.of(this.image.info.size, ...this.rows).buffer);
  }
}

function rangeHolding(die: Die, pc: number): { readonly start: number; readonly end: number } | undefined {
  for (const range of dieRanges(die)) if (pc >= range.start && pc < range.end) return range;
  return undefined;
}
