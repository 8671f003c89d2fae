/** Where a row of an outline stands; it says so in its first cell. */
export interface Place {
  readonly depth: number;
  /** Undefined for a row that has nothing below it. */
  readonly open: boolean | undefined;
  /** Words across the row in place of its other cells. */
  readonly heading?: string;
  /** What the heading has no room for. */
  readonly detail?: string;
}
