import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";

/** Rows kept for one kind of table, over all its owners: some 40 MiB of areas, the largest of them. */
const MAX_ROWS = 1 << 16;

/**
 * Rows of what several tasks share, such as an address space or a table of open files: made for the first of them and
 * kept for the next. The threads of a process are hundreds at times, and each shows the same rows.
 */
export class SharedRows<T> {
  private readonly kept = new Map<bigint, readonly T[]>();
  private count = 0;

  /**
   * Rows of the owner at an address, made by `rows` unless they are kept. Rows of a walk that throws, or that is given
   * up, are made anew for the next.
   */
  *of(owner: bigint, rows: () => Iterable<T>): Generator<T, void, void> {
    const known = this.kept.get(owner);
    if (known) return yield* known;
    const made: T[] = [];
    for (const row of rows()) {
      if (made.length <= MAX_ROWS) made.push(row);
      yield row;
    }
    this.keep(owner, made);
  }

  /** The owners that were kept first are forgotten first: tasks come by pid, so that those of a process come together. */
  private keep(owner: bigint, rows: readonly T[]): void {
    if (rows.length > MAX_ROWS || this.kept.has(owner)) return;
    this.kept.set(owner, rows);
    this.count += rows.length;
    for (const [oldest, { length }] of this.kept) {
      if (this.count <= MAX_ROWS) return;
      this.kept.delete(oldest);
      this.count -= length;
    }
  }
}

/** The rows of one kind of table, for all commands of a session. */
export const sharedRows = <T>(kind: string): ((kernel: Kernel) => SharedRows<T>) =>
  derived(`rows of ${kind}`, () => new SharedRows<T>());
