/** What the commands of gdb share: a format after a slash, and the rest of the line as one text. */
import { UsageError } from "../../../base/usageError.ts";
import { FORMAT_LETTERS, type FormatLetter, isFormatLetter } from "../../../model/letterText.ts";
import { command, type Command, type Context, type Running } from "../../language/command.ts";

/**
 * Runs a gdb command. @param words everything after the name and the format @param format the text after the slash, ""
 * if there is none @throws UsageError, Fault
 */
export type GdbRun = (context: Context, words: string, format: string) => Running;

/** A command of gdb as a command of its own. */
type Declaration = Pick<Command, "name" | "summary" | "usage" | "description" | "examples"> &
  Partial<Pick<Command, "records" | "needs">> & { readonly run: GdbRun };

/** Declares a command of gdb: it only reads, and its line is an expression or text with any characters. */
export const gdbCommand = (declaration: Declaration): Command =>
  command({
    ...declaration,
    readsOnly: true,
    yieldsToLocals: true,
    options: [],
    takesExpression: true,
    takesText: true,
    *run(context, { line }) {
      const { format, words } = splitFormat(line);
      yield* declaration.run(context, words, format);
    },
  });

/** Splits what follows a command's name: `/x init_task.flags` and ` init_task.flags`. */
export function splitFormat(line: string): { readonly format: string; readonly words: string } {
  const [, format = "", words = ""] = /^\s*(?:\/(\S*))?(.*)$/s.exec(line) ?? [];
  return { format, words: words.trim() };
}

/** Reads the format of `print` and `output`: one letter, or none. @throws UsageError */
export function printLetter(format: string): FormatLetter | undefined {
  if (format === "") return undefined;
  if (isFormatLetter(format)) return format;
  throw new UsageError(`not a format: /${format}; give one letter of ${FORMAT_LETTERS.join(" ")}`);
}
