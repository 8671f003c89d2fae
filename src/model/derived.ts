/** Derived facts: each is computed once per kernel, because a dump never changes. */
import type { Fact, Kernel } from "./kernel.ts";

/**
 * Declares a fact: `const taskTable = derived("task table", (kernel) => ...)`. A `Fault` that `compute` throws is
 * cached and thrown again. @param name for debugging; facts with equal names are different
 */
export function derived<T>(name: string, compute: (kernel: Kernel) => T): (kernel: Kernel) => T {
  const fact: Fact<T> = { name, compute };
  return (kernel) => kernel.memo(fact);
}

/**
 * Declares a fact with a parameter: `const cpus = derivedFor("cpus", (kernel, mask: CpuMask) => ...)`. @param compute
 * its second argument is used as a Map key, such as a string or an address
 */
export function derivedFor<K, T>(
  name: string,
  compute: (kernel: Kernel, about: K) => T,
): (kernel: Kernel, about: K) => T {
  const facts = derived(name, () => new Map<K, Fact<T>>());
  return (kernel, about) => {
    const known = facts(kernel);
    let fact = known.get(about);
    if (!fact) known.set(about, (fact = { name, compute: (of) => compute(of, about) }));
    return kernel.memo(fact);
  };
}

/** A finished fact that takes long, or the work on it. */
type LongFact<P, T> =
  { readonly value: T; readonly work?: undefined } | { readonly work: Generator<P, T, void> | undefined };

/**
 * Declares a fact that takes long. All callers share the work: each continues it, and if one is cancelled the next
 * continues from there. An exception goes to the caller that ran into it; the next caller starts again. @returns a job
 * that yields what the work yields
 */
export function derivedByWork<P, T>(
  name: string,
  start: (kernel: Kernel) => Generator<P, T, void>,
): (kernel: Kernel) => Generator<P, T, void> {
  const fact = derived(name, (): { now: LongFact<P, T> } => ({ now: { work: undefined } }));
  return function* (kernel) {
    const state = fact(kernel);
    for (;;) {
      if ("value" in state.now) return state.now.value;
      const work = state.now.work ?? start(kernel);
      state.now = { work };
      try {
        const step = work.next();
        if (step.done) state.now = { value: step.value };
        else yield step.value;
      } catch (error) {
        state.now = { work: undefined };
        throw error;
      }
    }
  };
}
