/** Lets a job wait for asynchronous work. */
import { setTimeout } from "node:timers/promises";
import type { Piece } from "../say/piece.ts";

/** Interval in milliseconds between updates of the progress and checks for a cancel. */
const POLL_MS = 100;

/**
 * Waits for asynchronous work and yields its progress. Aborts the work if the job is cancelled.
 * @param start must not reject
 */
export function* waitingFor<T>(
  start: (signal: AbortSignal) => Promise<T>,
  progress: () => { readonly what: string; readonly done: number; readonly total: number },
): Generator<Piece, T, void> {
  const abort = new AbortController();
  let result: { readonly value: T } | undefined;
  try {
    const ended = start(abort.signal).then((value) => (result = { value }));
    while (!result) {
      const until = Promise.race([ended, setTimeout(POLL_MS)]);
      yield { kind: "progress", ...progress(), until };
    }
    return result.value;
  } finally {
    abort.abort();
  }
}
