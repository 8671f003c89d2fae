/**
 * What another process answers; undefined where it refuses, or is gone. Over a wire every refusal is a plain Error: what
 * kind it was, and whether it was a bug, that process knows and says in its own log.
 */
export const unlessRefused = <T>(answer: PromiseLike<T>): Promise<T | undefined> =>
  Promise.resolve(answer).then(undefined, () => undefined);
