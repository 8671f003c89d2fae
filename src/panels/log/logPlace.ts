/** The cursor of a log and its scroll position. */
import { rowStep, scrollFor } from "../windowing.ts";
import type { RowNumber } from "./logLines.ts";

/** The height of a row in pixels; panels.css has the same value. */
export const ROW_HEIGHT = 18;

/** A line that stays where it is while other rows are shown. */
export interface Anchor {
  readonly line: number;
  /** Its distance from the top of the page in pixels. */
  readonly top: number;
}

/** Keeps the cursor of a log's list and scrolls it. */
export class LogPlace {
  cursor = 0;
  private readonly page: HTMLElement;
  private readonly draw: () => void;

  /** @param draw draws the rows in sight; called when the position changes */
  constructor(page: HTMLElement, draw: () => void) {
    this.page = page;
    this.draw = draw;
  }

  get scroller(): HTMLElement | null {
    return this.page.querySelector<HTMLElement>(".log");
  }

  /** Returns the times of the first and the last visible row that have one. */
  visible(
    entries: readonly RowNumber[],
    secondsOf: (entry: RowNumber) => number | undefined,
  ): readonly [number, number] | undefined {
    const { scrollTop = 0, clientHeight = 0 } = this.scroller ?? {};
    const shown = entries.slice(Math.ceil(scrollTop / ROW_HEIGHT), Math.floor((scrollTop + clientHeight) / ROW_HEIGHT));
    const times = shown.map(secondsOf).filter((seconds) => seconds !== undefined);
    const [first, last] = [times[0], times.at(-1)];
    return first === undefined || last === undefined ? undefined : [first, last];
  }

  /** Moves the cursor into a list of this many rows. */
  limit(count: number): void {
    this.cursor = Math.max(0, Math.min(this.cursor, count - 1));
  }

  /** Scrolls a row to `above` rows below the top, and puts the cursor on it. */
  goTo(row: number, above = 0): void {
    this.cursor = Math.max(0, row);
    const { scroller } = this;
    if (scroller) scroller.scrollTop = (row - above) * ROW_HEIGHT;
    this.draw();
  }

  /** Moves the cursor by key and scrolls it into view. @returns false for a key that does not move it */
  move(key: string, count: number): boolean {
    const { scroller } = this;
    const step = rowStep(key, Math.floor((scroller?.clientHeight ?? 0) / ROW_HEIGHT) - 1);
    if (step === undefined) return false;
    this.cursor += step;
    this.limit(count);
    if (scroller) scroller.scrollTop = scrollFor(this.cursor, scroller.scrollTop, scroller.clientHeight, ROW_HEIGHT);
    this.draw();
    return true;
  }

  /**
   * Returns the line that stays where it is when other rows are shown: the cursor's if it is visible, else the first
   * visible one.
   *
   * @param lineOf the line of a row; undefined for a row that is not a line
   */
  anchor(entries: readonly RowNumber[], lineOf: (entry: RowNumber) => number | undefined): Anchor | undefined {
    const { scroller } = this;
    const [top, height] = [scroller?.scrollTop ?? 0, scroller?.clientHeight ?? 0];
    const isVisible = (row: number): boolean => row * ROW_HEIGHT >= top && (row + 1) * ROW_HEIGHT <= top + height;
    for (let row = isVisible(this.cursor) ? this.cursor : Math.ceil(top / ROW_HEIGHT); row < entries.length; row++) {
      const line = lineOf(entries[row] ?? 0);
      if (line !== undefined) return { line, top: row * ROW_HEIGHT - top };
    }
    return undefined;
  }

  /** Puts the cursor on the anchor's line, or on the next line that is shown, where the anchor was. */
  restore(
    { line, top }: Anchor,
    entries: readonly RowNumber[],
    lineOf: (entry: RowNumber) => number | undefined,
  ): void {
    const found = entries.findIndex((entry) => (lineOf(entry) ?? -1) >= line);
    this.goTo(found < 0 ? entries.length - 1 : found, top / ROW_HEIGHT);
  }
}
