/** Caches table rows that several tasks share. */
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";

/** Maximum number of cached rows of one kind of table in all: about 40 MiB for memory areas, the largest rows. */
const MAX_ROWS = 1 << 16;

/**
 * A cache of rows that several tasks share, such as those of an address space or a table of open files. A process can
 * have hundreds of threads, and each shows the same rows.
 */
export class SharedRows<T> {
  private readonly kept = new Map<bigint, readonly T[]>();
  private count = 0;

  /**
   * Returns the rows of the struct at an address, from the cache or else from `rows`. Rows are cached only when the walk
   * ends without an error and is not abandoned.
   */
  *of(address: bigint, rows: () => Iterable<T>): Generator<T, void, void> {
    const known = this.kept.get(address);
    if (known) return yield* known;
    const made: T[] = [];
    for (const row of rows()) {
      if (made.length <= MAX_ROWS) made.push(row);
      yield row;
    }
    this.keep(address, made);
  }

  /**
   * Adds the rows of a struct. Removes the rows that were added first: tasks are listed by pid, so the threads of a
   * process are close together.
   */
  private keep(address: bigint, rows: readonly T[]): void {
    if (rows.length > MAX_ROWS || this.kept.has(address)) return;
    this.kept.set(address, rows);
    this.count += rows.length;
    for (const [oldest, { length }] of this.kept) {
      if (this.count <= MAX_ROWS) return;
      this.kept.delete(oldest);
      this.count -= length;
    }
  }
}

/** Returns the cache of one kind of table, which all commands of a session share. */
export const sharedRows = <T>(kind: string): ((kernel: Kernel) => SharedRows<T>) =>
  derived(`rows of ${kind}`, () => new SharedRows<T>());
