/** Lists source text around an address for `dis -s`. */
import { UsageError } from "../../../../base/usageError.ts";
import type { Context } from "../../../language/command.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { type Pieces, record, text } from "../../../../say/piece.ts";
import type { Table, Fields } from "../../../../say/table.ts";

/** Number of lines of source shown before the line of the address. */
const BEFORE = 5;
/** Default number of lines after the line of the address. */
const LINES = 20;

interface SourceRow {
  readonly number: number;
  readonly text: string;
  /** Whether the row is the line of the address. */
  readonly isAsked: boolean;
}

export const sourceTable: Table<SourceRow> = {
  mark: { width: 2, of: ({ isAsked }) => (isAsked ? "* " : "  ") },
  columns: {
    line: { kind: "number", title: "", width: 4, value: ({ number }) => number },
    text: { kind: "text", title: "", gap: "  ", value: ({ text }) => text },
    asked: { kind: "flag", about: "the line of the address", value: ({ isAsked }) => isAsked },
  },
};

/** The fields of the source line of an address. */
export const placeFields: Fields = { file: { kind: "text" }, line: { kind: "number" } };

/**
 * Lists the source around an address and marks its line: the file name from debuginfo, then the text if the file is on
 * this machine. @param count number of lines after that line @throws UsageError if debuginfo has no line for the address
 */
export function* sourceListing(context: Context, address: bigint, count: number | undefined): Pieces {
  const source = context.kernel.code.scopes(address)[0]?.source;
  if (!source) throw new UsageError("line numbers are not available: give a vmlinux with debuginfo");
  const { file, line } = source;
  yield record({ file, line }, `FILE: ${file}`, `LINE: ${line}`, "");
  const lines = context.sourceText && (yield* context.sourceText(file));
  if (!lines)
    return yield text(
      `(source file not found on this machine: name a source tree with --source, or in "kernelSource")`,
    );
  const layout = new TableLayout(context.kernel, sourceTable);
  const last = Math.min(lines.length, line + (count ?? LINES));
  for (let at = Math.max(1, line - BEFORE); at <= last; at++) {
    yield layout.row({ number: at, text: lines[at - 1] ?? "", isAsked: at === line });
  }
}
