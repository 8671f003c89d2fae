/** Binary search in ascending sequences. */

/**
 * Returns the first index from `from` to `count` for which `isBefore` is false; `count` if it is true for all.
 * @param isBefore must be false for every index after the first one for which it is false
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

/** Returns the index of the last of the ascending `keys` that is at most `key`; -1 if all are greater. */
export const lastAtOrBelow = <K extends number | bigint>(keys: ArrayLike<K>, key: K): number =>
  // 0 <= i < keys.length
  partitionPoint(keys.length, (i) => keys[i]! <= key) - 1;

/**
 * Returns the last of `items`, which are in ascending order of `keyOf`, whose key is at most `key`; undefined if no key
 * is.
 */
export const itemAtOrBelow = <T, K extends number | bigint>(
  items: readonly T[],
  keyOf: (item: T) => K,
  key: K,
): T | undefined => items[partitionPoint(items.length, (i) => keyOf(items[i]!) <= key) - 1];
