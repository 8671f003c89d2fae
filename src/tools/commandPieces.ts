/** Runs crash commands for tools. */
import { UsageError } from "../base/usageError.ts";
import type { Context } from "../crash/language/command.ts";
import { readLine, run } from "../crash/language/language.ts";
import type { Json, Piece } from "../say/piece.ts";

/**
 * Runs a command line that only reads the dump. Its changes of the context are dropped, so that an answer does not
 * depend on the questions before it.
 * @throws UsageError if the line uses a shell or files, or is wrong
 */
export function* commandPieces(context: Context, line: string): Generator<Piece, void, void> {
  const parsed = readLine(context, line);
  if (parsed.shell !== undefined || parsed.input !== undefined || parsed.output !== undefined)
    throw new UsageError("only a command of crash is run here: leave out the shell and the files");
  for (const piece of run(context, parsed)) {
    if (piece.kind === "usage") throw new UsageError(piece.message);
    yield piece;
  }
}

/** Runs a command and returns the data of its records. Yields all other pieces. @throws UsageError */
export function* commandRecords(context: Context, line: string): Generator<Piece, readonly Json[], void> {
  const records: Json[] = [];
  for (const piece of commandPieces(context, line)) {
    if (piece.kind === "record") records.push(piece.data);
    else yield piece;
  }
  return records;
}

/** Quotes a word for a command line. @throws UsageError if the word has a quote */
export function quoted(word: string): string {
  if (/["'\n]/.test(word)) throw new UsageError(`${word}: quotes and line breaks are not allowed here`);
  return /^[\w./+-]+$/.test(word) ? word : `"${word}"`;
}
