import type { Obj } from "../../model/object.ts";

/** What `p` has printed: gdb's `$1`, `$2`, ... A list that never changes; appending to the latest one copies nothing. */
export class PrintedValues {
  private readonly all: Obj[];
  readonly length: number;

  private constructor(all: Obj[]) {
    this.all = all;
    this.length = all.length;
  }

  /** Before the first `p`. */
  static readonly none = new PrintedValues([]);

  /** The value of `$number`; undefined when there is none. */
  numbered(number: number): Obj | undefined {
    return number <= this.length ? this.all[number - 1] : undefined;
  }

  /** The list with one more value. */
  and(value: Obj): PrintedValues {
    const isLatest = this.length > 0 && this.all.length === this.length;
    const all = isLatest ? this.all : this.all.slice(0, this.length);
    all.push(value);
    return new PrintedValues(all);
  }
}
