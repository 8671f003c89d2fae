/** The position of a row in an outline, shown in its first cell. */
export interface OutlinePosition {
  readonly depth: number;
  /** Undefined for a row without children. */
  readonly open: boolean | undefined;
  /** Text across the row, instead of its other cells. */
  readonly heading?: string;
  /** Text of the tooltip of the heading. */
  readonly detail?: string;
}
