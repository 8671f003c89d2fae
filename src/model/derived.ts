/** Facts that follow from the dump: each is worked out once for a kernel. */
import type { Fact, Kernel } from "./kernel.ts";

/**
 * A fact as a function of the kernel: `const taskTable = derived("task table", (kernel) => ...)`.
 * A `Fault` that `compute` throws is kept and thrown again.
 * @param name for people who debug; facts of one name are still two
 */
export function derived<T>(name: string, compute: (kernel: Kernel) => T): (kernel: Kernel) => T {
  const fact: Fact<T> = { name, compute };
  return (kernel) => kernel.memo(fact);
}

/**
 * The same for each of some things: `const cpus = derivedFor("cpus", (kernel, mask: CpuMask) => ...)`.
 * @param compute its second argument is a value that a Map can tell from others, such as a string or an address
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

/** A fact that takes long, or the work on it. */
type LongFact<P, T> =
  { readonly value: T; readonly work?: undefined } | { readonly work: Generator<P, T, void> | undefined };

/**
 * A fact that takes long. The work is shared: every asker pushes it on, and one that gives up leaves it where it is
 * for the next. What the work throws, the one who pushed it there gets; it starts anew for the next.
 * @returns yields what the work yields, where the asker may pause or give up
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
