/** The `gdb` command: runs those gdb commands that have an equivalent here. */
import { UsageError } from "../../../../base/usageError.ts";
import { formatValue, type FormatOptions } from "../../../../model/format.ts";
import { typeName } from "../../../../model/typeName.ts";
import { describeType } from "../../../../model/typeText.ts";
import { address, evaluateIn } from "../../../language/address.ts";
import { command, type Context, type Running } from "../../../language/command.ts";
import { changed } from "../../../language/context.ts";
import { examine, readFormat, examinedFields } from "./examine.ts";
import { infoAddress, infoLine, infoScope, infoSymbol, infoRecords } from "./info.ts";
import { runCommand } from "../../../language/language.ts";
import { type Line, type Pieces, record, text, lazyRecord } from "../../../../say/piece.ts";
import { formatOptions } from "../../../say/structView.ts";
import { valueJson } from "../../../say/valueJson.ts";
import { WrongUse } from "../../../language/wrongUse.ts";
import type { Fields } from "../../../../say/table.ts";

export const gdb = command({
  name: "gdb",
  readsOnly: true,
  summary: "run a gdb command",
  usage: "command ...",
  options: [],
  takesExpression: true,
  description: `gdb itself is not included. These gdb commands are supported: print and output (/x, /d), ptype, whatis, x/FMT, list, info line, info symbol, info address, info scope, and disassemble. For other gdb commands, the equivalent command is printed.`,
  examples: [
    { line: "gdb print jiffies", shows: "A value." },
    { line: "gdb ptype struct list_head", shows: "A type." },
    { line: "gdb x/4xg &init_task", shows: "Memory." },
    { line: "gdb info symbol schedule", shows: "The symbol at an address." },
  ],
  records: () => [
    {
      line: "gdb print jiffies",
      fields: { type: { kind: "text" }, value: { kind: "data", about: "as `struct` gives it" } },
    },
    { line: "gdb ptype struct list_head", fields: { type: { kind: "text" } } },
    { line: "gdb x/4xg &init_task", fields: examinedFields },
    { line: "gdb list schedule", fields: listedFields },
    ...infoRecords,
  ],
  *run(context, { rest }) {
    const [, verb = "", format = "", words = ""] = /^([a-z]+)(?:\/(\w+))?\s*(.*)$/s.exec((rest[0] ?? "").trim()) ?? [];
    if (verb === "") throw new WrongUse("a command is missing");
    const run = gdbCommands.find(([name]) => name.test(verb))?.[1];
    if (!run) throw new UsageError(unsupported(verb, words));
    yield* run(context, words.trim(), format);
  },
});

/** The fields of `gdb list`. */
const listedFields: Fields = {
  file: { kind: "text" },
  line: { kind: "number" },
  text: { kind: "text", about: "if the file is on this machine" },
};

type Run = (context: Context, words: string, format: string) => Running;

/** The supported commands by gdb's names and common abbreviations. */
const gdbCommands: readonly (readonly [name: RegExp, run: Run])[] = [
  [/^(p|pr|pri|prin|print|inspect|output|call)$/, print],
  [/^(pt|pty|ptyp|ptype)$/, ptype],
  [/^(what|whati|whatis)$/, whatis],
  [/^x$/, (context, words, format) => examine(context, readFormat(format), words)],
  [/^(l|li|list)$/, list],
  [/^(disas|disass|disassemble)$/, (context, words) => runCommand(context, `dis ${words}`)],
  [/^(i|inf|info)$/, info],
];

function* print(context: Context, words: string, format: string): Running {
  if (words === "") throw new WrongUse("an expression is missing");
  const warnings: string[] = [];
  const value = evaluateIn(context, words, undefined, (warning) => warnings.push(warning));
  for (const warning of warnings) yield text([{ as: "bad", text: `warning: ${warning}` }]);
  yield changed({ value });
  const options: FormatOptions = {
    ...formatOptions(context),
    ...(/x/.test(format) ? { radix: 16 } : /[du]/.test(format) ? { radix: 10 } : {}),
    top: true,
  };
  const prefix = `$${context.values.length + 1} = `;
  yield lazyRecord(
    () => ({ type: typeName(value.type), value: valueJson(value) }),
    () => [...formatValue(value, { ...options, prefix })],
  );
}

/** Returns the type that the words name, or the type of the expression. @throws UsageError, Fault */
function typeOf(context: Context, words: string) {
  const { types } = context.kernel;
  const [, tag, name = ""] = /^(?:(struct|union|enum)\s+)?(\w+)$/.exec(words) ?? [];
  if (tag !== undefined) {
    const found = types.find(tag as "struct" | "union" | "enum", name);
    if (!found) throw new UsageError(`No ${tag} type named ${name}.`);
    return found;
  }
  return (
    types.find("typedef", name) ?? types.exactVariable(name) ?? types.function(name) ?? evaluateIn(context, words).type
  );
}

function* ptype(context: Context, words: string): Pieces {
  const type = typeOf(context, words);
  const lines = Array.from(describeType(type, {}), (line): string => line).filter((line) => !/^SIZE: /.test(line));
  const [first = typeName(type), ...others] = lines;
  yield record({ type: typeName(type) }, `type = ${first}`, ...others);
}

function* whatis(context: Context, words: string): Pieces {
  const type = typeOf(context, words);
  yield record({ type: typeName(type) }, `type = ${typeName(type)}`);
}

/** Number of lines that gdb lists. */
const LISTED = 10;

/** Lists ten lines around the address, as gdb does; without the source file, prints where the lines are. */
function* list(context: Context, words: string): Pieces {
  const at = address(context, words.replace(/^\*/, ""));
  const source = context.kernel.code.scopes(at).at(-1)?.source;
  if (!source) throw new UsageError("No symbol table is loaded: give a vmlinux with debuginfo.");
  const { file, line } = source;
  const lines = context.sourceText && (yield* context.sourceText(file));
  const first = Math.max(1, line - LISTED / 2);
  if (!lines) return yield record({ file, line }, `${first}\tin ${file}`);
  for (let number = first; number < first + LISTED && number <= lines.length; number++) {
    const row: Line = [{ as: "source", text: String(number), file, line: number }, `\t${lines[number - 1] ?? ""}`];
    yield record({ file, line: number, text: lines[number - 1] ?? "" }, row);
  }
}

function info(context: Context, words: string): Pieces {
  const [, what = "", rest = ""] = /^(\w*)\s*(.*)$/s.exec(words) ?? [];
  if (/^li/.test(what)) return infoLine(context, rest);
  if (/^sy/.test(what)) return infoSymbol(context, rest);
  if (/^ad/.test(what)) return infoAddress(context, rest);
  if (/^sc/.test(what)) return infoScope(context, rest);
  throw new UsageError(unsupported("info", words));
}

/** The equivalents of gdb commands that are not supported. */
const elsewhereTable: readonly (readonly [line: RegExp, here: string])[] = [
  [/^(bt|backtrace|where|frame|up|down)\b/, '"bt" shows stacks, "bt -l" with lines'],
  [/^info (reg|all-reg)/, '"bt" shows the registers of exception frames, "help bt" more'],
  [/^info (thr|inf)/, '"ps" lists tasks, "set PID" chooses one'],
  [/^info (loc|arg|fra)/, '"bt -f" shows the words of frames; the editor shows locals'],
  [/^info (typ)/, '"whatis" and "struct" show types, "whatis -m" searches them'],
  [/^info (fun|var)/, '"sym -q PART" finds symbols'],
  [/^info (sha|fil|tar|mem)/, '"mod" lists modules, "sys" the files, "kmem" and "vm" memory'],
  [/^(thread|attach|run|continue|step|next|break|watch|kill)\b/, "a dump does not run"],
  [/^find\b/, '"search" finds values in memory'],
  [/^dump\b/, '"rd -r FILE" writes memory to a file'],
  [/^set\b/, 'a dump is read-only; crash\'s own "set" changes how things are shown'],
];

function unsupported(verb: string, words: string): string {
  const line = `${verb} ${words}`.trim();
  const here = elsewhereTable.find(([name]) => name.test(line))?.[1];
  return `gdb's "${line}" is not supported: ${here ?? '"help" lists the commands'}`;
}
