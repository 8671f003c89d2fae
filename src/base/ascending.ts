/** Sorts large arrays of numeric keys. */

/** Number of bits that one pass sorts by. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
/** 2^32: a key is sorted as two 32-bit words, the low one first. */
const WORD = 2 ** 32;

/**
 * Minimum number of keys for the passes; fewer keys are sorted by comparison, because the fixed cost of the passes is
 * larger.
 */
const FEW = 2048;

/**
 * Returns the permutation that sorts whole numbers in ascending order and keeps the order of equal ones. A radix sort:
 * for the hundred thousand addresses of a kernel several times faster than `sort` with a comparison.
 * @param keys whole numbers that span less than 2^53
 */
export function ascending(keys: Float64Array): Uint32Array {
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  let least = Infinity;
  let most = -Infinity;
  let sorted = true;
  for (let i = 0; i < keys.length; i++) {
    // `!`: i < keys.length, here and below.
    const key = keys[i]!;
    if (key < most) sorted = false;
    if (key < least) least = key;
    if (key > most) most = key;
  }
  if (sorted) return order;
  // Within the array: a and b are indexes out of `order`.
  if (keys.length < FEW) return order.sort((a, b) => keys[a]! - keys[b]!);
  // What is stored in a Uint32Array is reduced modulo 2^32.
  const words = new Uint32Array(keys.length);
  for (let i = 0; i < words.length; i++) words[i] = keys[i]! - least;
  const byLow = byWord(words, order);
  if (most - least < WORD) return byLow;
  for (let i = 0; i < words.length; i++) words[i] = (keys[i]! - least) / WORD;
  return byWord(words, byLow);
}

/** Returns `order` sorted by `words`, in stable passes, one per digit, the lowest digit first; overwrites `order`. */
function byWord(words: Uint32Array, order: Uint32Array): Uint32Array {
  let from = order;
  let to: Uint32Array = new Uint32Array(order.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    spread(words, shift, from, to);
    [from, to] = [to, from];
  }
  return from;
}

/**
 * Does one pass. Every `!` reads inside its array: digits are below DIGITS, `from` and `to` are permutations of the
 * indexes of `words`.
 */
function spread(words: Uint32Array, shift: number, from: Uint32Array, to: Uint32Array): void {
  const starts = new Uint32Array(DIGITS + 1);
  for (let i = 0; i < words.length; i++) starts[((words[i]! >>> shift) & (DIGITS - 1)) + 1]!++;
  for (let digit = 0; digit < DIGITS; digit++) starts[digit + 1]! += starts[digit]!;
  for (let i = 0; i < from.length; i++) {
    const index = from[i]!;
    to[starts[(words[index]! >>> shift) & (DIGITS - 1)]!++] = index;
  }
}

/** Returns the values in the order of a permutation, which may have fewer indexes than there are values. */
export function permuted<T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(
  values: T,
  order: Uint32Array,
): T {
  const result = values.slice(0, order.length) as T;
  // `order` has only indexes of `values`.
  for (let i = 0; i < order.length; i++) result[i] = values[order[i]!]!;
  return result;
}
