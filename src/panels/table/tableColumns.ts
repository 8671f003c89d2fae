/** The widths of a table's columns in CSS. It does not use the DOM. */
import type { GridColumn } from "../../protocol/grid.ts";

/** Width in pixels of a cell without text: 16 of padding, 20 in the first cell, and the rest for rounding. */
const PADDING = 22;
/** Minimum width in characters of the column that fills the remaining width. */
const MIN_WIDE = 28;
/** Width in characters to which a long text is cut before the table becomes wider than the page. */
const MIN_TEXT = 24;
/** The same where texts are wrapped. */
const MIN_WRAPPED = 12;

/**
 * Returns the columns of a grid in CSS.
 *
 * @param widths in characters
 */
export function columnTracks(
  widths: readonly number[],
  {
    columns,
    wide,
    isWhole,
    wraps,
  }: {
    readonly columns: readonly GridColumn[];
    /** The column that fills the remaining width. */
    readonly wide: number | undefined;
    /** Whether that column is never cut. */
    readonly isWhole: boolean;
    /** Whether texts are wrapped. */
    readonly wraps: boolean;
  },
): { template: string; all: string } {
  const isText = (i: number): boolean => columns[i]?.kind === "text" || columns[i]?.kind === "symbol";
  // Texts of the wide column may be read later, when the widths are known.
  const ofWide = (width: number, i: number): number =>
    isWhole ? width : columns[i]?.kind === "text" && !wraps ? MIN_WIDE : Math.min(width, MIN_WIDE);
  const least = widths.map((width, i) =>
    i === wide ? ofWide(width, i) : isText(i) ? Math.min(width, wraps ? MIN_WRAPPED : MIN_TEXT) : width,
  );
  const track = (width: number): string => `calc(${width}ch + ${PADDING}px)`;
  const tracks = least.map((width, i) => {
    const most = widths[i] ?? width;
    if (i === wide) return `minmax(${track(width)}, 1fr)`;
    return width < most ? `minmax(${track(width)}, ${track(most)})` : track(width);
  });
  const all = least.reduce((sum, width) => sum + width, 0);
  return { template: tracks.join(" "), all: `calc(${all}ch + ${least.length * PADDING}px)` };
}
