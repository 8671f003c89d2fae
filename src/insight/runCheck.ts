/** Runs one check with a time limit. */
import { attempt, Fault } from "../base/fault.ts";
import type { Step } from "./check.ts";
import type { Finding } from "./finding.ts";

/** The result of a check that finished, or why it did not finish. */
export type CheckEnd<T> = { readonly result: T } | { readonly because: string };

/**
 * Runs one check and appends its findings to `findings`. A fault ends the check; the findings before it are kept.
 * @param limit time limit in milliseconds, without the time that the consumer of the steps takes
 */
export function* runCheck<T>(
  run: Generator<Finding | Step, T, void>,
  findings: Finding[],
  limit: number,
): Generator<Step, CheckEnd<T>, void> {
  if (limit <= 0) return { because: "there was no time left for it" };
  const end = performance.now() + limit;
  const because = `it was given up after ${Math.round(limit) / 1000} s`;
  let waited = 0;
  try {
    for (;;) {
      const step = attempt(() => run.next());
      if (step instanceof Fault) return { because: step.message };
      if (step.done) return { result: step.value };
      if ("id" in step.value) findings.push(step.value);
      else {
        const before = performance.now();
        const left = end - (before - waited);
        const pause = limited(step.value, left);
        yield pause.step;
        const took = performance.now() - before;
        if (took >= left && !pause.isSettled()) return { because };
        waited += took;
      }
      if (performance.now() - waited > end) return { because };
    }
  } finally {
    run.return(undefined as T);
  }
}

/**
 * Limits the time for which a step waits for its promise, which may never settle.
 * @param ms limit in milliseconds
 */
function limited(step: Step, ms: number): { readonly step: Step; readonly isSettled: () => boolean } {
  const { until } = step;
  if (!until) return { step, isSettled: () => true };
  let isSettled = false;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((end) => (timer = setTimeout(end, ms)));
  const settled = until.finally(() => {
    isSettled = true;
    clearTimeout(timer);
  });
  return { step: { ...step, until: Promise.race([settled, limit]) }, isSettled: () => isSettled };
}
