/** A hash table of names that can be saved. */
import { Fault } from "../../base/fault.ts";

/** Number of Float64 numbers at the start of a saved table. */
const HEADER = 6;
/** Number of bytes per name in a saved table: two Float64, an Int32, a Uint8. */
const ROW = 2 * 8 + 4 + 1;

/** Sizes of the sections that a table was made from. A saved table is used only if they are equal. */
export interface SectionSizes {
  /** Sizes of .debug_info and of .debug_str in bytes. */
  readonly infoSize: number;
  readonly strSize: number;
}

/**
 * Names of file scope by hash, in columns: about 140,000 for a kernel. Names with the same hash slot are chained from
 * the last to the first.
 */
export class NameTable {
  count = 0;
  /** Offset of the DIE in its section. */
  private dies = new Float64Array(1024);
  /** Offset in .debug_str, or ~i for entry i of `own`. */
  private texts = new Float64Array(1024);
  private hashes = new Int32Array(1024);
  /** Index of the previous entry in its slot; -1 for none. */
  private before = new Int32Array(1024);
  private kinds = new Uint8Array(1024);
  /** Index of the last entry of each slot; -1 for none. */
  private heads = new Int32Array(1024).fill(-1);
  /** Names stored inline in their DIEs. */
  private own: string[] = [];

  /**
   * Adds a name. @param kind a number below 256, defined by the caller @param text offset in .debug_str, or the name
   * itself
   */
  add(hash: number, kind: number, text: number | string, die: number): void {
    if (this.count === this.dies.length) this.grow();
    const i = this.count++;
    this.dies[i] = die;
    this.texts[i] = typeof text === "number" ? text : ~(this.own.push(text) - 1);
    this.hashes[i] = hash;
    this.kinds[i] = kind;
    this.link(i);
  }

  private link(i: number): void {
    const slot = this.slot(this.hashes[i] ?? 0);
    this.before[i] = this.heads[slot] ?? -1;
    this.heads[slot] = i;
  }

  private slot = (hash: number): number => (Math.imul(hash, 0x9e3779b1) >>> 7) & (this.heads.length - 1);

  private grow(): void {
    const size = Math.max(1024, 2 * this.count);
    const grown = <T extends Float64Array | Int32Array | Uint8Array>(larger: T, column: T): T => {
      larger.set(column);
      return larger;
    };
    this.dies = grown(new Float64Array(size), this.dies);
    this.texts = grown(new Float64Array(size), this.texts);
    this.hashes = grown(new Int32Array(size), this.hashes);
    this.before = new Int32Array(size);
    this.kinds = grown(new Uint8Array(size), this.kinds);
    this.heads = new Int32Array(2 ** Math.ceil(Math.log2(size))).fill(-1);
    for (let i = 0; i < this.count; i++) this.link(i);
  }

  /**
   * Returns the entry that was added last to the slot of a hash; -1 for none. `after` returns the next one of the
   * chain, which was added before it. Their hashes can differ.
   */
  newest(hash: number): number {
    return this.heads[this.slot(hash)] ?? -1;
  }

  after(i: number): number {
    return this.before[i] ?? -1;
  }

  kind(i: number): number {
    return this.kinds[i] ?? 0;
  }

  die(i: number): number {
    return this.dies[i] ?? 0;
  }

  text(i: number): number | string {
    const text = this.texts[i] ?? 0;
    return text < 0 ? (this.own[~text] ?? "") : text;
  }

  /**
   * Returns the table as bytes.
   * @param scanned offsets of the scanned units
   * @param next offset of the first unit that was not scanned; Infinity if no more can be
   */
  save({ infoSize, strSize }: SectionSizes, scanned: readonly number[], next: number): Uint8Array<ArrayBuffer> {
    const { count } = this;
    const own = Buffer.from(this.own.join("\0"));
    const parts = [
      Float64Array.of(count, scanned.length, own.length, next, infoSize, strSize),
      this.dies.subarray(0, count),
      this.texts.subarray(0, count),
      Float64Array.from(scanned),
      this.hashes.subarray(0, count),
      this.kinds.subarray(0, count),
      own,
    ];
    const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of parts) {
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return bytes;
  }

  /**
   * Restores a saved table, to which names can be added. @throws Fault corrupt if it is damaged or belongs to other
   * sections
   */
  static load(bytes: Uint8Array, of: SectionSizes): { table: NameTable; scanned: number[]; next: number } {
    const wrong = (): Fault => Fault.of("corrupt", "the saved index of names is damaged or belongs to another file");
    // A copy, because typed arrays need alignment.
    const { buffer } = new Uint8Array(bytes);
    if (bytes.length < 8 * HEADER) throw wrong();
    const [count = 0, units = 0, ownLength = 0, next = 0, infoSize, strSize] = new Float64Array(buffer, 0, HEADER);
    if (infoSize !== of.infoSize || strSize !== of.strSize) throw wrong();
    if (![count, units, ownLength].every((number) => Number.isInteger(number) && number >= 0)) throw wrong();
    if (8 * (HEADER + units) + count * ROW + ownLength !== bytes.length || !(next >= 0)) throw wrong();
    const table = new NameTable();
    let at = 8 * HEADER;
    const taken = (length: number): number => (at += length) - length;
    table.count = count;
    table.dies = new Float64Array(buffer, taken(8 * count), count);
    table.texts = new Float64Array(buffer, taken(8 * count), count);
    const scanned = Array.from(new Float64Array(buffer, taken(8 * units), units));
    table.hashes = new Int32Array(buffer, taken(4 * count), count);
    table.before = new Int32Array(count);
    table.kinds = new Uint8Array(buffer, taken(count), count);
    const own = Buffer.from(buffer, at, ownLength).toString();
    if (own !== "") table.own = own.split("\0");
    for (let i = 0; i < count; i++) {
      const die = table.dies[i] ?? -1;
      const text = table.texts[i] ?? NaN;
      if (!(die >= 0 && die < of.infoSize) || !(text < of.strSize && -1 - text < table.own.length)) throw wrong();
    }
    if (scanned.some((unit, i) => !(unit >= 0 && unit < of.infoSize) || unit <= (scanned[i - 1] ?? -1))) throw wrong();
    table.heads = new Int32Array(2 ** Math.max(10, Math.ceil(Math.log2(count + 1)))).fill(-1);
    for (let i = 0; i < count; i++) table.link(i);
    return { table, scanned, next };
  }
}
