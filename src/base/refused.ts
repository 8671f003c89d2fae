/**
 * Returns the answer of another process; undefined if it refuses or has ended. Every refusal arrives as a plain Error,
 * which does not tell its kind; the other process logs the details.
 */
export const unlessRefused = <T>(answer: PromiseLike<T>): Promise<T | undefined> =>
  Promise.resolve(answer).then(undefined, () => undefined);
