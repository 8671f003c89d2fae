/** An index from names to positions in a table. */

/** Multiplier of `nameHash`. */
export const HASH_FACTOR = 0x01000193;

/**
 * Returns a polynomial hash of the bytes from `start` to the first NUL, at most `limit` of them. The hash of a
 * concatenation can be computed from the hashes of its parts, so each kallsyms token is hashed once, not once per
 * symbol.
 */
export function nameHash(bytes: Uint8Array, start: number, limit: number): number {
  let hash = 0;
  const end = Math.min(bytes.length, start + limit);
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (!byte) break;
    hash = (Math.imul(hash, HASH_FACTOR) + byte) | 0;
  }
  return hash;
}

/** A chained hash table from name hashes to table indexes in two typed arrays: 8 bytes per entry, no objects. */
export class NameIndex {
  /** Contents to save, for the constructor. */
  readonly heads: Int32Array;
  readonly next: Int32Array;
  private readonly shift: number;

  /** @param count one more than the highest index that will be added */
  constructor(
    count: number,
    heads: Int32Array = new Int32Array(NameIndex.slots(count)),
    next: Int32Array = new Int32Array(count),
  ) {
    this.shift = 32 - Math.log2(NameIndex.slots(count));
    this.heads = heads;
    this.next = next;
  }

  /** Returns the number of chains for that many entries. */
  static slots(count: number): number {
    return 2 ** Math.max(4, Math.ceil(Math.log2(count + 1)));
  }

  /** Adds an index that was not added before. Entries of one hash are returned in reverse order. */
  add(hash: number, index: number): void {
    const slot = Math.imul(hash, 0x9e3779b1) >>> this.shift;
    this.next[index] = this.heads[slot] ?? 0;
    this.heads[slot] = index + 1;
  }

  /** Returns indexes whose names can have this hash; the caller compares names. */
  *candidates(hash: number): Generator<number> {
    let at = this.heads[Math.imul(hash, 0x9e3779b1) >>> this.shift] ?? 0;
    // Saved contents can be damaged: no chain is longer than the number of entries.
    for (let i = 0; at !== 0 && i < this.next.length; i++) {
      yield at - 1;
      at = this.next[at - 1] ?? 0;
    }
  }
}
