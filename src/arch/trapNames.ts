/** Names of traps by the entry code that handles them. */

/** Patterns of functions in entry code, each with the name of what the functions handle. */
export type TrapNames = readonly (readonly [pattern: RegExp, name: string])[];

/** Returns the name of the first pattern that matches; undefined if none does. */
export const nameIn = (names: TrapNames, entry: string): string | undefined =>
  names.find(([pattern]) => pattern.test(entry))?.[1];
