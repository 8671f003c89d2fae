/** Functions that take and release locks, and the calls of them in a function. */
import { plainName } from "../../log/place.ts";
import type { FunctionGraph } from "../values/functionGraph.ts";

/** Names of the functions that take and release a kind of lock, which is their first argument. */
export interface LockCalls {
  readonly take: RegExp;
  readonly release: RegExp;
}

/**
 * The functions by kind of lock. Sources: include/linux/{mutex,rwsem,semaphore,rtmutex}.h, kernel/locking/. `rwsem` has
 * all of a reader-writer semaphore, `read` only those for readers. downgrade_write() takes in both, because the writer
 * that calls it holds the semaphore for reading from then on.
 */
export const LOCK_CALLS = {
  mutex: { take: /^_*mutex_(try)?lock(_|$)/, release: /^_*mutex_unlock(_|$)/ },
  rwsem: { take: /^_*(down_(read|write)(_|$)|downgrade_write$)/, release: /^_*up_(read|write)(_|$)/ },
  read: { take: /^_*(down_read(_|$)|downgrade_write$)/, release: /^_*up_read(_|$)/ },
  semaphore: { take: /^_*down(_interruptible|_killable|_trylock|_timeout)?$/, release: /^_*up$/ },
  rt_mutex: { take: /^_*rt_mutex_(try)?lock(_|$)/, release: /^_*rt_mutex_unlock(_|$)/ },
  spinlock: { take: /^_raw_spin_(try)?lock(_|$)/, release: /^_raw_spin_unlock(_|$)|queued_spin_unlock$/ },
  rwlock: { take: /^_raw_(read|write)_(try)?lock(_|$)/, release: /^_raw_(read|write)_unlock(_|$)|queued_(read|write)_unlock$/ }, // prettier-ignore
} satisfies Readonly<Record<string, LockCalls>>;

/** Returns the name of the function that a call goes to, or a jump at the end of a function; else "". */
export function calledName({ effects, kernel }: FunctionGraph, index: number): string {
  const effect = effects[index];
  if (!effect || (effect.flow !== "call" && effect.flow !== "jump") || effect.target === undefined) return "";
  const symbol = kernel.symbols.at(effect.target);
  return symbol && symbol.address === effect.target ? plainName(symbol.name) : "";
}

/** Returns the indices of the calls of functions whose names match. */
export const callsOf = (graph: FunctionGraph, names: RegExp): number[] =>
  graph.effects.flatMap(({ flow }, index) => (flow === "call" && names.test(calledName(graph, index)) ? [index] : []));
