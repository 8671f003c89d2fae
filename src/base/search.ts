/** Binary search in what is in ascending order. */

/**
 * The first of the indexes from `from` to `count` that `isBefore` does not hold for; `count` where it holds for all.
 * @param isBefore holds for none behind the first that it does not hold for
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
