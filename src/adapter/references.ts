/** DAP keeps references to int32; a session that unfolded this many things may forget the oldest. */
const CAPACITY = 1 << 20;

/** Numbers for things that a client asks for again: frames, unfolding values, places. The dump never changes, so they last. */
export class References<T> {
  private readonly things = new Map<number, T>();
  private next = 1;

  add(thing: T): number {
    this.make(() => thing);
    return this.next - 1;
  }

  /** A thing that knows its own number. */
  make<Made extends T>(build: (id: number) => Made): Made {
    const id = this.next++;
    const thing = build(id);
    this.things.set(id, thing);
    if (this.things.size > CAPACITY) this.things.delete(id - CAPACITY);
    return thing;
  }

  get(id: number): T | undefined {
    return this.things.get(id);
  }
}
