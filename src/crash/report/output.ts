/** Runs commands for a document. */
import { basename } from "node:path";
import { lineText, type Piece, progress } from "../../say/piece.ts";
import { printable } from "../../base/printable.ts";
import type { Change, Context } from "../language/command.ts";
import { withChanges } from "../language/context.ts";
import { readLine, run } from "../language/language.ts";
import { UsageError } from "../../base/usageError.ts";

/** Maximum number of output lines that are kept in memory. */
const MAX_LINES = 1_000_000;

/**
 * Returns the context for the commands of a document: they only read the dump, and they name the opened files without
 * their directories, which differ between machines.
 */
export function documentContext(context: Context): Context {
  const { vmcore, vmlinux } = context.session;
  return context.with({
    onlyReads: true,
    session: {
      ...context.session,
      vmcore: vmcore.map((path) => basename(path)),
      vmlinux: vmlinux && basename(vmlinux),
    },
  });
}

/** The output of a cell of a document. */
export interface CellOutput {
  readonly lines: readonly string[];
  /** The changes for the cells after it: see `withChanges`. `exit` ends no document. */
  readonly changes: readonly Change[];
  /** Whether every command was answered. */
  readonly isAnswered: boolean;
}

/**
 * Runs the commands of a block. Errors are part of the output, where a reader looks for the answer.
 * @param text one command per line; empty lines and lines that begin with `#` are skipped
 */
export function* runBlock(context: Context, text: string): Generator<Piece, CellOutput, void> {
  const lines: string[] = [];
  const changes: Change[] = [];
  let isAnswered = true;
  let omitted = 0;
  for (const line of text.split("\n")) {
    if (/^\s*(#|$)/.test(line)) continue;
    const refusal = refusalOf(context, line);
    if (refusal !== undefined) {
      lines.push(refusal);
      isAnswered = false;
      continue;
    }
    const job = run(withChanges(context, changes), line);
    for (;;) {
      const step = job.next();
      if (step.done) {
        changes.push(...step.value.filter(({ ended }) => !ended));
        break;
      }
      const piece = step.value;
      if (piece.kind === "progress") yield piece;
      else {
        isAnswered &&= piece.kind !== "fault" && piece.kind !== "usage";
        if (piece.kind === "usage") lines.push(printable(piece.message));
        for (const one of piece.lines)
          if (lines.length < MAX_LINES) lines.push(printable(lineText(one)));
          else omitted++;
        // The driver of this job can pause or cancel it after each piece.
        yield progress("lines", lines.length, 0);
      }
    }
  }
  if (omitted > 0) lines.push(`${omitted} more lines are left out: a document keeps ${MAX_LINES} lines of an output`);
  return { lines, changes, isAnswered };
}

/**
 * Returns why a document cannot run a line: it would leave the dump, or is not valid; undefined if the document can run
 * it.
 */
function refusalOf(context: Context, text: string): string | undefined {
  try {
    const { shell, input, output } = readLine(context, text);
    if (shell !== undefined) return "shell commands are not run in a document";
    if (input !== undefined || output !== undefined) return "files are not read or written in a document";
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}
