/** Overlapping intervals cut into disjoint ones. */
import { lastAtOrBelow } from "./search.ts";

/** Disjoint half-open intervals in ascending order; `sources` says which of the given intervals each was cut from. */
export interface Runs {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly sources: Uint32Array;
}

/**
 * Cuts overlapping intervals into disjoint runs: where two overlap, the later one in the given order covers the earlier.
 * Drops empty intervals. O(n log n) for any overlap.
 */
export function topmost(starts: ArrayLike<number>, ends: ArrayLike<number>): Runs {
  const start = (i: number): number => starts[i] ?? Infinity;
  const end = (i: number): number => ends[i] ?? Infinity;
  const order = Uint32Array.from({ length: starts.length }, (_, i) => i).filter((i) => end(i) > start(i));
  order.sort((a, b) => start(a) - start(b));

  const runs: { starts: number[]; ends: number[]; sources: number[] } = { starts: [], ends: [], sources: [] };
  const append = (from: number, to: number, source: number): void => {
    const last = runs.sources.length - 1;
    if (runs.sources[last] === source && runs.ends[last] === from) runs.ends[last] = to;
    else {
      runs.starts.push(from);
      runs.ends.push(to);
      runs.sources.push(source);
    }
  };

  // A sweep from start to start. `open` holds the intervals that cover `at`, and covered ones that have ended.
  const open = new MaxHeap();
  let at = 0;
  for (let i = 0; i < order.length; i++) {
    const opening = order[i] ?? 0;
    sweepTo(start(opening));
    open.push(opening);
    at = start(opening);
  }
  sweepTo(Infinity);
  return {
    starts: Float64Array.from(runs.starts),
    ends: Float64Array.from(runs.ends),
    sources: Uint32Array.from(runs.sources),
  };

  function sweepTo(limit: number): void {
    for (let top = open.top; top !== undefined && at < limit; top = open.top) {
      const until = Math.min(end(top), limit);
      if (until > at) {
        append(at, until, top);
        at = until;
      }
      if (end(top) <= at) open.pop();
    }
  }
}

/** Returns the index of the last run that starts at or before `at`; -1 if there is none. */
export const lastStart = (runs: Runs, at: number): number => lastAtOrBelow(runs.starts, at);

/** A binary heap of numbers, the greatest on top. */
class MaxHeap {
  private readonly items: number[] = [];

  get top(): number | undefined {
    return this.items[0];
  }

  push(item: number): void {
    const items = this.items;
    let at = items.length;
    for (let parent = (at - 1) >> 1; at > 0 && (items[parent] ?? 0) < item; parent = (at - 1) >> 1) {
      items[at] = items[parent] ?? 0;
      at = parent;
    }
    items[at] = item;
  }

  pop(): void {
    const items = this.items;
    const item = items.pop();
    if (item === undefined || items.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if ((items[child + 1] ?? -1) > (items[child] ?? -1)) child++;
      if ((items[child] ?? -1) <= item) break;
      items[at] = items[child] ?? 0;
      at = child;
    }
    items[at] = item;
  }
}
