/** Runs crash commands for tools. */
import { UsageError } from "../base/usageError.ts";
import type { Context } from "../crash/language/command.ts";
import { readLine, run } from "../crash/language/language.ts";
import type { Piece } from "../say/piece.ts";

/**
 * Runs a command line that only reads the dump. Its changes of the context are dropped, so that an answer does not
 * depend on the questions before it.
 * @throws UsageError if the line uses a shell or files, or is wrong
 */
export function* commandPieces(context: Context, line: string): Generator<Piece, void, void> {
  const parsed = readLine(context, line);
  if (parsed.shell !== undefined || parsed.input !== undefined || parsed.output !== undefined)
    throw new UsageError("only a command of crash is run here: leave out the shell and the files");
  refuseSlowPatterns(line);
  for (const piece of run(context, parsed)) {
    if (piece.kind === "usage") throw new UsageError(piece.message);
    yield piece;
  }
}

/** Maximum number of unbounded repetitions in a pattern: two make the time quadratic in the length of a line. */
const MAX_REPETITIONS = 2;

/**
 * Refuses regular expressions whose time can be exponential, because a program cannot stop an expression that has
 * begun. @throws UsageError
 */
function refuseSlowPatterns(line: string): void {
  const patterns = [...line.matchAll(/\|\s*grep\b([^|]*)|'([^']*)'/g)].map(
    ([, filter, quoted]) => filter ?? quoted ?? "",
  );
  for (const pattern of patterns) {
    const repetitions = pattern.match(/[*+]|\{\d*,\}/g)?.length ?? 0;
    if (repetitions > MAX_REPETITIONS || /\)\s*(?:[*+]|\{)/.test(pattern))
      throw new UsageError(
        `${pattern.trim()}: a pattern has at most ${MAX_REPETITIONS} unbounded repetitions here, and none of a group`,
      );
  }
}

/** Quotes a word for a command line. @throws UsageError if the word has a quote */
export function quoted(word: string): string {
  if (/["'\n]/.test(word)) throw new UsageError(`${word}: quotes and line breaks are not allowed here`);
  return /^[\w./+-]+$/.test(word) ? word : `"${word}"`;
}
