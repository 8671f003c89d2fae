/** Long work: what it yields may be shown and is a place to pause; it returns its result. */
export type Job<P, T = void> = Generator<P, T, void>;

/** The job was given up because its signal said so. */
export class Cancelled extends Error {
  constructor() {
    super("cancelled");
    this.name = "Cancelled";
  }
}

const SLICE_MS = 15;

/**
 * Drives a job in slices, so that the event loop can serve the next request, a cancel among them, meanwhile.
 *
 * @param onPiece is handed what the job yields; a promise it returns is waited for (a slow pipe slows the job)
 * @throws Cancelled once `signal` is aborted, after the job's `finally` blocks ran
 */
export async function drive<P, T>(
  job: Job<P, T>,
  signal: AbortSignal,
  onPiece: (piece: P) => void | Promise<void> = () => {},
  sliceMs = SLICE_MS,
): Promise<T> {
  let sliceEnd = performance.now() + sliceMs;
  let done = false;
  try {
    for (;;) {
      const step = job.next();
      if (step.done) {
        done = true;
        return step.value;
      }
      const waiting = onPiece(step.value);
      if (waiting) await waiting;
      if (performance.now() >= sliceEnd) {
        await new Promise(setImmediate);
        sliceEnd = performance.now() + sliceMs;
      }
      if (signal.aborted) throw new Cancelled();
    }
  } finally {
    if (!done) job.return(undefined as T);
  }
}
