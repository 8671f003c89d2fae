/** The ids by which a client refers to objects of a session. */

/** Maximum number of live references. Above it the oldest is dropped. */
const CAPACITY = 1 << 20;

/**
 * The next id. Ids are never reused, so that a stale id cannot resolve in the session that replaces another. DAP limits
 * them to 2^31 - 1, which a session does not reach.
 */
let next = 1;

/**
 * Ids for objects that a client refers to later: frames, values with children, places. They stay valid when execution
 * requests are answered, because a dump does not change, until CAPACITY newer ones exist.
 */
export class References<T> {
  private readonly things = new Map<number, T>();

  add(thing: T): number {
    const id = next++;
    this.keep(id, thing);
    return id;
  }

  /** Adds an object that contains its own id. */
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
