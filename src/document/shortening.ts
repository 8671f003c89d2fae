/** Shortens outputs in documents. A line in the output says how many lines are left out. */

/** How many lines of a long output are kept at its start and at its end. */
export interface Shortening {
  readonly head: number;
  readonly tail: number;
}

/** Returns the line that replaces `missing` of `all` lines of an output. */
export const leftOutLine = (missing: number, all: number): string =>
  `[... ${missing} of ${all} lines are left out here]`;

const LEFT_OUT = /^\[\.\.\. (\d+) of (\d+) lines are left out here\]$/;

/** Shortens an output. A line says how many lines are left out. */
export function shortened(lines: readonly string[], { head, tail }: Shortening): string[] {
  const missing = lines.length - head - tail;
  if (missing <= 1) return [...lines];
  return [...lines.slice(0, head), leftOutLine(missing, lines.length), ...lines.slice(lines.length - tail)];
}

/** Returns how an output was shortened; undefined if it is whole. */
export function shorteningOf(lines: readonly string[]): Shortening | undefined {
  const at = lines.findIndex((line) => LEFT_OUT.test(line));
  return at < 0 ? undefined : { head: at, tail: lines.length - at - 1 };
}
