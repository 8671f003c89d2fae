/** DAP keeps references to int32; a session that unfolded this many things may forget the oldest. */
const CAPACITY = 1 << 20;

/** One count for all: what a client kept of a session that was replaced by a better one names nothing in that. */
let next = 1;

/** Numbers for things that a client asks for again: frames, unfolding values, places. The dump never changes, so they last. */
export class References<T> {
  private readonly things = new Map<number, T>();

  add(thing: T): number {
    const id = next++;
    this.keep(id, thing);
    return id;
  }

  /** A thing that knows its own number. */
  make<Made extends T>(build: (id: number) => Made): Made {
    const id = next++;
    const thing = build(id);
    this.keep(id, thing);
    return thing;
  }

  get(id: number): T | undefined {
    return this.things.get(id);
  }

  private keep(id: number, thing: T): void {
    this.things.set(id, thing);
    if (this.things.size <= CAPACITY) return;
    for (const oldest of this.things.keys()) {
      this.things.delete(oldest);
      break;
    }
  }
}
