/**
 * Multiplier of `nameHash`: the hash of a concatenation follows from the hashes of its parts, so that kallsyms
 * tokens are hashed once and not once for each symbol.
 */
export const HASH_FACTOR = 0x01000193;

/** Polynomial hash of bytes from `start` to the first NUL, at most `limit` of them. */
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

/** Chained hash table from name hashes to table indexes, in two typed arrays: 8 bytes an entry, no objects. */
export class NameIndex {
  /** To be stored, and given to the constructor again. */
  readonly heads: Int32Array;
  readonly next: Int32Array;
  private readonly shift: number;

  /** `count` is one more than the highest index that will be added. */
  constructor(
    count: number,
    heads: Int32Array = new Int32Array(NameIndex.slots(count)),
    next: Int32Array = new Int32Array(count),
  ) {
    this.shift = 32 - Math.log2(NameIndex.slots(count));
    this.heads = heads;
    this.next = next;
  }

  /** Chains for that many entries. */
  static slots(count: number): number {
    return 2 ** Math.max(4, Math.ceil(Math.log2(count + 1)));
  }

  /** Entries of one hash come back last added first; each index may be added once. */
  add(hash: number, index: number): void {
    const slot = Math.imul(hash, 0x9e3779b1) >>> this.shift;
    this.next[index] = this.heads[slot] ?? 0;
    this.heads[slot] = index + 1;
  }

  /** Indexes whose names may have this hash: the caller compares. */
  *candidates(hash: number): Generator<number> {
    let at = this.heads[Math.imul(hash, 0x9e3779b1) >>> this.shift] ?? 0;
    // What was stored may be damaged: no chain is longer than all entries.
    for (let i = 0; at !== 0 && i < this.next.length; i++) {
      yield at - 1;
      at = this.next[at - 1] ?? 0;
    }
  }
}
