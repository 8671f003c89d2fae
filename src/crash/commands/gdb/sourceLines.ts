/** Lines of source text as gdb prints them, and the command `list` of gdb. */
import { hex0x } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { type Line, record } from "../../../say/piece.ts";
import type { Fields } from "../../../say/table.ts";
import type { Context, Running } from "../../language/command.ts";
import { place } from "./place.ts";

/** The fields of a line of source. */
export const listedFields: Fields = {
  file: { kind: "text" },
  line: { kind: "number" },
  text: { kind: "text", about: "if the file is on this machine" },
};

/** Maximum number of lines that are printed at once. */
const MAX_LINES = 10_000;

/** Yields the lines `first` to `last` of a file; without the file on this machine, one row for each says where it is. */
export function* sourceLines(context: Context, file: string, first: number, last: number): Running {
  const lines = context.sourceText && (yield* context.sourceText(file));
  const end = Math.min(last, first + MAX_LINES);
  for (let number = Math.max(1, first); number <= end; number++) {
    const text = lines?.[number - 1];
    if (lines && text === undefined) return;
    const row: Line = [
      { as: "source", text: String(number), file, line: number },
      text === undefined ? `\tin ${file}` : `\t${text}`,
    ];
    yield record({ file, line: number, ...(text !== undefined && { text }) }, row);
  }
}

/** Number of lines that gdb lists. */
const LISTED = 10;

/**
 * Lists ten lines around a function or an address. For an address (`*(schedule+16)`) a heading says what is there.
 */
export function* runList(context: Context, words: string): Running {
  if (words === "") throw new UsageError("a function or *ADDRESS is missing");
  const isAddress = words.startsWith("*");
  const at = place(context, words.replace(/^\*\s*/, "").replace(/^\((.*)\)$/s, "$1"));
  const scopes = context.kernel.code.scopes(at);
  const source = (isAddress ? scopes[0] : scopes.at(-1))?.source;
  const name = context.kernel.symbols.at(at)?.name;
  if (!source)
    throw new UsageError(
      `No symbol table is loaded for ${hex0x(at)}: give a vmlinux, or a module's file, with debuginfo.`,
    );
  const { file, line } = source;
  if (isAddress) {
    const found = scopes.at(-1)?.function ?? name ?? "?";
    yield record({ file, line }, `${hex0x(at)} is in ${found} (${file}:${line}).`);
  }
  const first = Math.max(1, line - LISTED / 2);
  const hasText = context.sourceText && (yield* context.sourceText(file)) !== undefined;
  // Without the text, one row names the file, as in gdb.
  yield* sourceLines(context, file, first, hasText ? first + LISTED - 1 : first);
}
