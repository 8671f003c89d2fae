/** Binary search in what is in ascending order. */

/**
 * How many whole numbers from `from` on come before the first that `isBefore` does not hold for, added to `from`: the
 * index of that first one. `isBefore` holds for none behind it.
 * @param count the end of the indexes, exclusive; the answer when `isBefore` holds for all
 */
export function partitionPoint(count: number, isBefore: (index: number) => boolean, from = 0): number {
  let low = from;
  let high = count;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the last of the ascending `keys` that is not above `key`; -1 when all are. */
export const lastAtOrBelow = <K extends number | bigint>(keys: ArrayLike<K>, key: K): number =>
  // 0 <= i < keys.length
  partitionPoint(keys.length, (i) => keys[i]! <= key) - 1;

/** The last of `items`, which are in ascending order of what `keyOf` gives, that is not above `key`. */
export const itemAtOrBelow = <T, K extends number | bigint>(
  items: readonly T[],
  keyOf: (item: T) => K,
  key: K,
): T | undefined => items[partitionPoint(items.length, (i) => keyOf(items[i]!) <= key) - 1];
