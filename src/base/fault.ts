/** Why the dump cannot answer. Closed, so that a `switch` over it is checked. */
export type FaultKind =
  | "excluded" // makedumpfile filtered the page out
  | "missing" // the dump holds no such physical page
  | "truncated" // the dump file ends before the page
  | "unmapped" // the page tables have no translation
  | "corrupt" // bytes are there, but break an invariant
  | "unknown"; // this kernel or this debuginfo has no such symbol, type or member

/**
 * The dump's own "I cannot say": an answer, shown where the value would be.
 *
 * Returned by `dump/`, `memory/` page primitives; thrown from `model/` up.
 * Made without a stack: scans make millions, and the cause lies in the dump, not in our code.
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

  /** A fault of one address; the message says what is wrong there, the address is put in front when shown. */
  static at(kind: FaultKind, address: bigint, message: string): Fault {
    return new Fault(kind, address, message);
  }

  /** A fault without an address: a format, a symbol, a type. */
  static of(kind: FaultKind, message: string): Fault {
    return new Fault(kind, undefined, message);
  }

  /** The same cause, seen from one floor higher: `prefix: message`. */
  within(prefix: string): Fault {
    return new Fault(this.kind, this.address, `${prefix}: ${this.message}`);
  }
}

/** Runs one read; a fault becomes a value, a bug stays an exception. */
export function attempt<T>(read: () => T): T | Fault {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** The value, or the fault thrown: from the returning floors to the throwing ones. */
export function orThrow<T>(value: T | Fault): T {
  if (value instanceof Fault) throw value;
  return value;
}

/** What a walk yields, and last the fault that ends it, if one does. */
export function* faultLast<T>(walk: Iterable<T>): Generator<T | Fault, void, void> {
  let fault: Fault | undefined;
  yield* untilFault(walk, (end) => (fault = end));
  if (fault) yield fault;
}

/** What a walk yields, up to the fault that ends it: of that `onFault` is told. */
export function* untilFault<T>(walk: Iterable<T>, onFault: (fault: Fault) => void): Generator<T, void, void> {
  try {
    yield* walk;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    onFault(error);
  }
}
