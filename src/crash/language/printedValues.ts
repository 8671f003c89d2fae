/** The list of values that `p` printed. */
import type { Obj } from "../../model/object.ts";

/**
 * The values that `p` has printed: gdb's `$1`, `$2`, ... The list is immutable; appending to the latest one copies
 * nothing.
 */
export class PrintedValues {
  private readonly all: Obj[];
  readonly length: number;

  private constructor(all: Obj[]) {
    this.all = all;
    this.length = all.length;
  }

  /** The empty list, before the first `p`. */
  static readonly none = new PrintedValues([]);

  /** Returns the value of `$number`; undefined if there is none. */
  numbered(number: number): Obj | undefined {
    return number <= this.length ? this.all[number - 1] : undefined;
  }

  /** Returns the list with one more value. */
  and(value: Obj): PrintedValues {
    const isLatest = this.length > 0 && this.all.length === this.length;
    const all = isLatest ? this.all : this.all.slice(0, this.length);
    all.push(value);
    return new PrintedValues(all);
  }
}
