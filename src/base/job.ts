/** Jobs: long work that can pause, report progress and be cancelled. */

/**
 * Long work in steps. It may pause at each `yield`; the yielded value may be shown. If that value has a promise `until`,
 * `drive` continues the job when the promise is fulfilled, and ends the job if it is rejected; `toEnd` does not wait. The
 * job returns its result.
 */
export type Job<T, P = unknown> = Generator<P, T, void>;

/** The job was cancelled through its signal. */
export class Cancelled extends Error {
  constructor() {
    super("cancelled");
    this.name = "Cancelled";
  }
}

/** Number of milliseconds that a job runs before the event loop continues. */
const SLICE_MS = 15;
/** Maximum time of a step in milliseconds. A longer one delays a cancel too long: the job must yield more often. */
const SLOW_STEP_MS = 200;

/** Callbacks of `drive`. */
export interface Drive<P> {
  /** Receives what the job yields. If it returns a promise, the job waits for it, so that a slow pipe slows the job. */
  readonly onStep?: (step: P) => unknown;
  /** Receives the duration, in milliseconds, of each step that blocked the event loop for too long. */
  readonly onSlowStep?: (ms: number) => void;
}

/**
 * Runs a job in slices, so that the event loop can serve other requests, such as a cancel.
 * @throws Cancelled once `signal` is aborted, after the job's `finally` blocks ran; the reason of a rejected `until`
 */
export async function drive<T, P>(
  job: Job<T, P>,
  signal: AbortSignal,
  { onStep, onSlowStep }: Drive<P> = {},
): Promise<T> {
  let sliceEnd = performance.now() + SLICE_MS;
  let ended = false;
  try {
    for (;;) {
      if (signal.aborted) throw new Cancelled();
      const started = onSlowStep ? performance.now() : 0;
      const step = job.next();
      if (onSlowStep && performance.now() - started > SLOW_STEP_MS) onSlowStep(performance.now() - started);
      if (step.done) {
        ended = true;
        return step.value;
      }
      const waiting = onStep?.(step.value);
      if (waiting instanceof Promise) await waiting;
      // Do not begin to wait if the job is already cancelled.
      const until = (step.value as { readonly until?: unknown } | null | undefined)?.until;
      if (until instanceof Promise && !signal.aborted) await until;
      if (performance.now() < sliceEnd) continue;
      await new Promise(setImmediate);
      sliceEnd = performance.now() + SLICE_MS;
    }
  } finally {
    if (!ended) job.return(undefined as T);
  }
}

/** Runs a job without pauses and returns its result. */
export function toEnd<T>(job: Generator<unknown, T>): T {
  for (;;) {
    const step = job.next();
    if (step.done) return step.value;
  }
}
