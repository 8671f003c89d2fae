/** Address ranges with numbers. */
import { ascending, permuted } from "../../base/ascending.ts";
import { lastAtOrBelow } from "../../base/search.ts";

/**
 * Number of lookups by scan before the table is sorted, because sorting a kernel's functions takes as long and most
 * sessions need fewer.
 */
const LOOKUPS_UNORDERED = 32;

/**
 * Address ranges with exclusive ends, each with a number that tells what the range belongs to. Filled first, then
 * queried.
 */
export class RangeTable {
  private starts: Float64Array;
  private ends: Float64Array;
  private values: Float64Array;
  private count = 0;
  private lookups = 0;
  /** For sorted ranges: the greatest end of each and all before it. */
  private reach: Float64Array | undefined;

  constructor(capacity = 64) {
    this.starts = new Float64Array(capacity);
    this.ends = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
  }

  add(start: number, end: number, value: number): void {
    if (this.count === this.starts.length) this.grow();
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.values[this.count++] = value;
  }

  private grow(): void {
    const grown = (column: Float64Array): Float64Array => {
      const longer = new Float64Array(column.length * 2);
      longer.set(column);
      return longer;
    };
    this.starts = grown(this.starts);
    this.ends = grown(this.ends);
    this.values = grown(this.values);
  }

  /**
   * Returns the range that contains `pc`: of several the one with the greatest start, of equal ones the last; undefined
   * if there is none.
   */
  at(pc: number): { readonly start: number; readonly value: number } | undefined {
    const i = this.lookups++ < LOOKUPS_UNORDERED ? this.scan(pc) : this.search(pc);
    const [start, value] = [this.starts[i], this.values[i]];
    return start === undefined || value === undefined ? undefined : { start, value };
  }

  private scan(pc: number): number {
    let best = -1;
    let nearest = -Infinity;
    const { starts, ends, count } = this;
    for (let i = 0; i < count; i++) {
      // i < count, which is no more than the length of either
      const start = starts[i]!;
      if (start <= pc && start >= nearest && pc < ends[i]!) [best, nearest] = [i, start];
    }
    return best;
  }

  private search(pc: number): number {
    const reach = (this.reach ??= this.sort());
    for (let i = lastAtOrBelow(this.starts, pc); i >= 0 && (reach[i] ?? 0) > pc; i--)
      if (pc < (this.ends[i] ?? 0)) return i;
    return -1;
  }

  private sort(): Float64Array {
    const order = ascending(this.starts.subarray(0, this.count));
    this.starts = permuted(this.starts, order);
    this.ends = permuted(this.ends, order);
    this.values = permuted(this.values, order);
    let farthest = -Infinity;
    return this.ends.map((end) => (farthest = Math.max(farthest, end)));
  }
}
