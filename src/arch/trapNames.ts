/** Names of traps by the entry code that handles them. */

/** Patterns of functions in entry code, and what they handle. */
export type TrapNames = readonly (readonly [pattern: RegExp, name: string])[];

export const nameIn = (names: TrapNames, entry: string): string | undefined =>
  names.find(([pattern]) => pattern.test(entry))?.[1];
