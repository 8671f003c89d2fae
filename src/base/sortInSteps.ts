/** Sorts large arrays in steps, between which a job can pause. */

/** Number of items that one step sorts or merges: a few milliseconds with a comparison of bigints. */
const ITEMS_PER_STEP = 4096;

/**
 * Returns the items in order; equal ones keep theirs. A merge sort of runs that `sort` orders; a run goes on as long as
 * the items are in order, so that a few sorted lists one after the other are a few runs. Yields the number of items
 * after each step.
 * @param compare negative if the first comes before the second, positive if after
 */
export function* sortInSteps<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<number, readonly T[], void> {
  let from: T[] = [];
  let starts: number[] = [];
  for (let start = 0; start < items.length; start += ITEMS_PER_STEP) {
    const some = items.slice(start, start + ITEMS_PER_STEP).sort(compare);
    // start > 0: there are items before; start < items.length: some is not empty.
    if (start === 0 || compare(from[start - 1]!, some[0]!) > 0) starts.push(start);
    for (const item of some) from.push(item);
    yield items.length;
  }
  while (starts.length > 1) {
    const to: T[] = [];
    for (let i = 0; i < starts.length; i += 2)
      yield* merge(from, [starts[i], starts[i + 1], starts[i + 2]], compare, to);
    starts = starts.filter((_, i) => i % 2 === 0);
    from = to;
  }
  return from;
}

/** Where two neighbouring runs begin and the second one ends; undefined for the end of all items. */
type Bounds = readonly [number | undefined, number | undefined, number | undefined];

/** Appends two neighbouring runs to `to` in order. */
function* merge<T>(
  from: readonly T[],
  [start = from.length, middle = from.length, end = from.length]: Bounds,
  compare: (a: T, b: T) => number,
  to: T[],
): Generator<number, void, void> {
  let [left, right] = [start, middle];
  while (left < middle || right < end) {
    // Within `from`: left < middle, right < end <= from.length.
    const isLeft = left < middle && (right >= end || compare(from[left]!, from[right]!) <= 0);
    to.push(from[isLeft ? left++ : right++]!);
    if (to.length % ITEMS_PER_STEP === 0) yield from.length;
  }
}
