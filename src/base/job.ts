/** Long work: what it yields may be shown and is a place to pause, until a promise `until` of it; it returns its result. */
export type Job<T, P = unknown> = Generator<P, T, void>;

/** The job was given up because its signal said so. */
export class Cancelled extends Error {
  constructor() {
    super("cancelled");
    this.name = "Cancelled";
  }
}

/** A job runs this long before the event loop gets its turn. */
const SLICE_MS = 15;
/** A step that takes longer than this keeps a cancel waiting too long: it should pause more often. */
const SLOW_STEP_MS = 200;

export interface Drive<P> {
  /** Is handed what the job yields; a promise it returns is waited for (a slow pipe slows the job). */
  readonly onStep?: (step: P) => unknown;
  /** Is told of steps that held the event loop for too long, in milliseconds. */
  readonly onSlowStep?: (ms: number) => void;
}

/**
 * Drives a job in slices, so that the event loop can serve the next request, a cancel among them, meanwhile.
 * @throws Cancelled once `signal` is aborted, after the job's `finally` blocks ran
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
      // Given up, the job has nothing left to wait for.
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

/** The result of a job that is not paused. */
export function toEnd<T>(job: Generator<unknown, T>): T {
  for (;;) {
    const step = job.next();
    if (step.done) return step.value;
  }
}
