/** Reads the source lines of the crash. */
import type { Verdict } from "../../../../insight/analyze.ts";
import { excerptOf, type SourceExcerpt } from "../../../../insight/source.ts";
import type { Piece } from "../../../../say/piece.ts";
import type { Context } from "../../../language/command.ts";

/**
 * Returns the source lines around the place of the crash; undefined if the verdict has no place, or if its file is not
 * on this machine.
 */
export function* crashSource(
  { sourceText }: Pick<Context, "sourceText">,
  { findings }: Pick<Verdict, "findings">,
): Generator<Piece, SourceExcerpt | undefined, void> {
  // The text has the line of the function on the stack, then that of the function inlined there, if any.
  const place = findings
    .filter(({ id }) => id === "where.guilty")
    .flatMap(({ text }) => text)
    .findLast((part) => typeof part !== "string" && part.kind === "source");
  if (!sourceText || typeof place !== "object" || place.kind !== "source") return undefined;
  const text = yield* sourceText(place.file);
  return text && excerptOf(place.file, place.line, text);
}
