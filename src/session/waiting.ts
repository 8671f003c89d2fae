import { setTimeout } from "node:timers/promises";
import type { Piece } from "../say/piece.ts";

/** What is waited for is looked at so often: for how far it is, and for a user who gives it up. */
const POLL_MS = 100;

/**
 * Waits for what goes on beside a job and tells how far it is; a job that is given up gives that up as well.
 * @param start never rejects
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
