/** The command `print` of gdb, and `output`, whose name crash gives to a page of help: the value of an expression. */
import { formatValue, type FormatOptions } from "../../../model/format.ts";
import type { Obj } from "../../../model/object.ts";
import { typeName } from "../../../model/typeName.ts";
import { evaluateOrVoid } from "../../language/address.ts";
import type { Context, Running } from "../../language/command.ts";
import { changed } from "../../language/context.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import { lazyRecord, type Piece, text } from "../../../say/piece.ts";
import type { Fields } from "../../../say/table.ts";
import { formatOptions } from "../../say/structView.ts";
import { valueJson } from "../../say/valueJson.ts";
import { gdbCommand, printLetter } from "./gdbCommand.ts";

/** The fields of a value. */
export const printedFields: Fields = {
  type: { kind: "text" },
  value: { kind: "data", about: "as `struct` gives it" },
};

export const print = gdbCommand({
  name: "print",
  summary: "print a value as gdb does",
  usage: "[/format] [expression]",
  description: `Prints the value of a C expression with gdb's number for it: $1, $2 and so on. $ is the last value, $$ the one before it, $$3 the one three before it. Without an expression, prints the last value again.

"output" prints a value without its number, and without a new line after it.

A format is one letter: x hexadecimal, d signed, u unsigned, o octal, t binary, a address with its symbol, c character, f floating point, s string, z hexadecimal with leading zeros, r raw (the same as without a letter).

$rip and other names with a dollar sign are the registers of the selected frame; $pc, $sp and $fp are gdb's own names. The functions of the kernel's scripts for gdb are known: $lx_current([cpu]), $lx_per_cpu(variable[, cpu]), $lx_per_cpu_ptr(pointer[, cpu]), $lx_task_by_pid(pid), $lx_module("name").`,
  examples: [
    { line: "print /x init_task.flags", shows: "A member in hexadecimal." },
    { line: "print /a init_task.thread_pid", shows: "A pointer with the symbol that it points to." },
    { line: "output /x init_task.flags", shows: "A member without a number and a new line, for scripts." },
    { line: "print $lx_current().comm", shows: "The task that the CPU of the current task was running." },
    { line: "print $lx_per_cpu(runqueues, 0).nr_running", shows: "A member of one CPU's copy." },
  ],
  records: () => [{ line: "print jiffies", fields: printedFields }],
  needs: ["types"],
  run: runPrint,
});

/** Prints a value and numbers it. */
export function* runPrint(context: Context, words: string, format: string): Running {
  if (words === "" && context.values.length === 0) throw new WrongUse("an expression is missing");
  const letter = printLetter(format);
  const warnings: string[] = [];
  const value = evaluateOrVoid(context, words === "" ? "$" : words, (warning) => warnings.push(warning));
  for (const warning of warnings) yield text([{ as: "bad", text: `warning: ${warning}` }]);
  yield changed({ value });
  const prefix = `$${context.values.length + 1} = `;
  yield valuePiece(value, { ...formatOptions(context), letter, prefix });
}

/** Prints a value alone. */
export function* runOutput(context: Context, words: string, format: string): Running {
  if (words === "") throw new WrongUse("an expression is missing");
  const letter = printLetter(format);
  yield valuePiece(evaluateOrVoid(context, words), { ...formatOptions(context), letter }, true);
}

const valuePiece = (value: Obj, options: FormatOptions, isOpen = false): Piece =>
  lazyRecord(
    () => ({ type: typeName(value.type), value: valueJson(value) }),
    () => [...formatValue(value, { ...options, top: true })],
    { fields: printedFields, isOpen },
  );
