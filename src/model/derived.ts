import type { Kernel } from "./kernel.ts";

/**
 * Facts derived from the dump by long work, each worked out once.
 * The work itself is shared: every asker pushes it on, and one that gives up leaves it where it is for the next.
 */
export class Derived {
  private readonly known = new Map<string, unknown>();
  private readonly underWay = new Map<string, Generator<unknown, unknown, void>>();

  /**
   * The fact of that key; yields what the work yields, where the asker may pause or give up.
   * What the work throws, whoever pushed it there gets; it starts anew for the next.
   */
  *ensure<P, T>(key: string, work: () => Generator<P, T, void>): Generator<P, T, void> {
    while (!this.known.has(key)) {
      const job = (this.underWay.get(key) as Generator<P, T, void> | undefined) ?? work();
      this.underWay.set(key, job);
      try {
        const step = job.next();
        if (!step.done) {
          yield step.value;
          continue;
        }
        this.known.set(key, step.value);
      } catch (error) {
        this.underWay.delete(key);
        throw error;
      }
      this.underWay.delete(key);
    }
    return this.known.get(key) as T;
  }
}

/** The facts of this kernel that take long: shared by all who ask. */
export const derivedFacts = (kernel: Kernel): Derived => kernel.memo("derived facts", () => new Derived());
