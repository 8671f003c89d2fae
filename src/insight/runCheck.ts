/** Runs one check with a time limit. */
import { attempt, Fault } from "../base/fault.ts";
import type { Step } from "./check.ts";
import type { Finding } from "./finding.ts";

/** The result of a check that finished, or why it did not finish. */
export type CheckEnd<T> = { readonly result: T } | { readonly because: string };

/**
 * Runs one check and appends its findings to `findings`. A fault ends the check; the findings before it are kept.
 * @param limit time limit in milliseconds of processor time and of waiting for promises, without the time that the
 *   consumer of the steps takes. Processor time, because a busy or suspended machine would end every check.
 */
export function* runCheck<T>(
  run: Generator<Finding | Step, T, void>,
  findings: Finding[],
  limit: number,
): Generator<Step, CheckEnd<T>, void> {
  if (limit <= 0) return { because: "there was no time left for it" };
  const because = `it was stopped after ${Math.round(limit) / 1000} s`;
  let used = 0;
  let elapsed = 0;
  try {
    for (;;) {
      const [wall, cpu] = [performance.now(), process.cpuUsage()];
      const step = attempt(() => run.next());
      const took = performance.now() - wall;
      elapsed += took;
      // A short step was not interrupted. Other threads of the process use processor time too.
      used += took < 1 ? took : Math.min(took, cpuMilliseconds(cpu));
      if (step instanceof Fault) return { because: step.message };
      if (step.done) return { result: step.value };
      if ("id" in step.value) findings.push(step.value);
      else {
        const before = performance.now();
        const left = Math.max(0, limit - used);
        const pause = limited(step.value, left);
        yield pause.step;
        if (!pause.isSettled()) used += performance.now() - before;
      }
      if (used >= limit || elapsed > limit * MAX_STRETCH) return { because };
    }
  } finally {
    run.return(undefined as T);
  }
}

/**
 * Maximum time of a check as a multiple of its limit of processor time, because the dump can be on a slow disk or the
 * machine busy.
 */
const MAX_STRETCH = 15;

/** Returns the processor time since a measurement, in milliseconds. */
function cpuMilliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
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
