/** Faults: values that a dump cannot give, with the reason. */

/** Why the dump cannot answer. A closed union, so that the compiler checks each `switch` over it. */
export type FaultKind =
  | "excluded" // makedumpfile filtered the page out
  | "missing" // the dump holds no such physical page
  | "truncated" // the dump file ends before the page
  | "unmapped" // the page tables have no translation
  | "corrupt" // bytes are there, but break an invariant
  | "unknown"; // this kernel or this debuginfo has no such symbol, type or member

/**
 * The answer for a value that the dump cannot give, shown instead of the value.
 *
 * The page primitives of `dump/` and `memory/` return it; all other code throws it. It has no call stack, because scans
 * create millions of faults and the cause is in the dump, not in our code.
 */
export class Fault extends Error {
  readonly kind: FaultKind;
  readonly address: bigint | undefined;

  private constructor(kind: FaultKind, address: bigint | undefined, message: string) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
    this.name = "Fault";
    this.kind = kind;
    this.address = address;
  }

  /** Makes a fault at one address. The message says what is wrong there; the address is printed in front of it. */
  static at(kind: FaultKind, address: bigint, message: string): Fault {
    return new Fault(kind, address, message);
  }

  /** Makes a fault without an address: of a format, a symbol, a type. */
  static of(kind: FaultKind, message: string): Fault {
    return new Fault(kind, undefined, message);
  }

  /** Returns the same fault with a prefix that says what was being read: `prefix: message`. */
  within(prefix: string): Fault {
    return new Fault(this.kind, this.address, `${prefix}: ${this.message}`);
  }
}

/** Runs `read` and returns its Fault instead of throwing it. Other exceptions pass through. */
export function attempt<T>(read: () => T): T | Fault {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** Runs a job and returns its Fault instead of throwing it. Other exceptions pass through. */
export function* attempting<T, P>(job: Generator<P, T, void>): Generator<P, T | Fault, void> {
  try {
    return yield* job;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** Returns the value, or throws it if it is a Fault. */
export function orThrow<T>(value: T | Fault): T {
  if (value instanceof Fault) throw value;
  return value;
}

/** Yields what a walk yields, then the fault that ended it, if there is one. */
export function* faultLast<T>(walk: Iterable<T>): Generator<T | Fault, void, void> {
  let fault: Fault | undefined;
  yield* untilFault(walk, (end) => (fault = end));
  if (fault) yield fault;
}

/** Yields what a walk yields; passes the fault that ended it, if there is one, to `onFault`. */
export function* untilFault<T>(walk: Iterable<T>, onFault: (fault: Fault) => void): Generator<T, void, void> {
  try {
    yield* walk;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    onFault(error);
  }
}
