/** One comparison of the matrix. */
export interface Cell {
  readonly compared: number;
  readonly same: number;
  /** The first differences. */
  readonly differences: readonly string[];
  /** Why nothing was compared. */
  readonly absent?: string;
}

export const limited = (compared: number, differences: readonly string[]): Cell => ({
  compared,
  same: compared - differences.length,
  differences: differences.slice(0, 6).map((text) => text.slice(0, 400)),
});
