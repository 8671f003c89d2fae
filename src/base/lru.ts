interface Entry<K, V> {
  readonly key: K;
  value: V;
  wasAsked: boolean;
}

/**
 * A map that forgets what was not asked for of late. By second chance: a hand goes round the entries and takes the first
 * that nobody asked for since it last came by. The exact order would cost two changes of a large map on every hit, ten
 * times the hit itself.
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
    entry.wasAsked = true;
    return entry.value;
  }

  set(key: K, value: V): void {
    const known = this.entries.get(key);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    const entry = { key, value, wasAsked: false };
    this.ring[this.ring.length < this.capacity ? this.ring.length : this.evict()] = entry;
    this.entries.set(key, entry);
  }

  /** @returns the place that became free */
  private evict(): number {
    for (;;) {
      const place = this.hand;
      const entry = this.ring[place];
      this.hand = (place + 1) % this.capacity;
      if (entry === undefined) return place;
      if (!entry.wasAsked) {
        this.entries.delete(entry.key);
        return place;
      }
      entry.wasAsked = false;
    }
  }
}
