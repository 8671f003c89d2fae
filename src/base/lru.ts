/** A cache of fixed capacity. */
interface Entry<K, V> {
  readonly key: K;
  value: V;
  wasUsed: boolean;
}

/**
 * A cache of fixed capacity that evicts by the second-chance (CLOCK) algorithm: the hand goes round the entries and
 * evicts the first one that was not used since the hand last passed it. Exact least-recently-used order would cost two
 * changes of a large map on every hit, which takes ten times as long as the hit.
 */
export class Lru<K, V> {
  private readonly entries = new Map<K, Entry<K, V>>();
  private readonly ring: Entry<K, V>[] = [];
  private readonly capacity: number;
  private hand = 0;

  constructor(capacity: number) {
    this.capacity = Math.max(1, capacity);
  }

  get(key: K): V | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    entry.wasUsed = true;
    return entry.value;
  }

  set(key: K, value: V): void {
    const known = this.entries.get(key);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    const entry = { key, value, wasUsed: false };
    this.ring[this.ring.length < this.capacity ? this.ring.length : this.evict()] = entry;
    this.entries.set(key, entry);
  }

  /** Evicts an entry. @returns the index in `ring` that became free */
  private evict(): number {
    for (;;) {
      const place = this.hand;
      const entry = this.ring[place];
      this.hand = (place + 1) % this.capacity;
      if (entry === undefined) return place;
      if (!entry.wasUsed) {
        this.entries.delete(entry.key);
        return place;
      }
      entry.wasUsed = false;
    }
  }
}
