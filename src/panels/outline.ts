/** The position of a row in an outline, shown in its first cell. */
export interface OutlinePosition {
  readonly depth: number;
  /** Undefined for a row without children. */
  readonly open: boolean | undefined;
  /** A text across the row, instead of its other cells. */
  readonly heading?: GroupHeading;
  /** Text of the tooltip of the heading. */
  readonly detail?: string;
}

/** The heading of a group of rows. */
export interface GroupHeading {
  /** Who belongs to the group: "2 tasks", or the name of the only one. */
  readonly members: string;
  /** What they share, as one word: a function. */
  readonly name: string;
  /** What else is to be said of that; "" if nothing is. */
  readonly more: string;
}

/** Returns the heading as text, for the clipboard. */
export const headingText = ({ members, name, more }: GroupHeading): string => `${members}: ${name}${more}`;
