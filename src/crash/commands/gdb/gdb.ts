/** The `gdb` command, and the names and abbreviations of gdb's commands. */
import { UsageError } from "../../../base/usageError.ts";
import { unescaped } from "../../../model/expression/lexer.ts";
import { command, type Context, type Running } from "../../language/command.ts";
import { changed } from "../../language/context.ts";
import { setting, variable } from "../../language/variables.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import { lazyRecord, record } from "../../../say/piece.ts";
import { runDisassemble } from "./disassemble.ts";
import { examinedFields, runExamine } from "./examine.ts";
import { runBacktrace, runDown, runFrame, runUp } from "./frame.ts";
import { type GdbRun, splitFormat } from "./gdbCommand.ts";
import { runInfo } from "./info.ts";
import { printedFields, runOutput, runPrint } from "./print.ts";
import { runPrintf } from "./printf.ts";
import { runPtype, runWhatis } from "./ptype.ts";
import { listedFields, runList } from "./sourceLines.ts";
import { unsupported } from "./unsupported.ts";

export const gdb = command({
  name: "gdb",
  readsOnly: true,
  summary: "run a gdb command",
  usage: "command ...",
  options: [],
  takesExpression: true,
  description: `gdb itself is not included. These gdb commands are supported: print, output, printf, echo, ptype, whatis, x, list, info, disassemble, frame, up, down, backtrace, set and show disassembly-flavor. Their manual pages say more. For other gdb commands, the equivalent command is printed.

The word gdb is needed only for names that crash gives another meaning: bt, list, set, show, whatis, p and help. Abbreviations such as disas and i work without it where no variable has that name.`,
  examples: [
    { line: "gdb print jiffies", shows: "A value." },
    { line: "gdb bt 3", shows: "The innermost frames with inlined functions and arguments." },
    { line: "gdb whatis init_task.comm", shows: "A type." },
    { line: "gdb show disassembly-flavor", shows: "The syntax of x86's instructions." },
  ],
  records: () => [
    { line: "gdb print jiffies", fields: printedFields },
    { line: "gdb ptype struct list_head", fields: { type: { kind: "text" } } },
    { line: "gdb x/4xg &init_task", fields: examinedFields },
    { line: "gdb list schedule", fields: listedFields },
    { line: "gdb show disassembly-flavor", fields: { flavor: { kind: "text" } } },
  ],
  answersTo: (word) => word !== "p" && gdbNames.some(([name]) => name.test(word)),
  *run(context, { rest }) {
    const [, verb = "", line = ""] = /^([a-z]+)(.*)$/s.exec((rest[0] ?? "").trim()) ?? [];
    if (verb === "") throw new WrongUse("a command is missing");
    const { format, words } = splitFormat(line);
    const run = gdbNames.find(([name]) => name.test(verb))?.[1];
    if (!run) throw new UsageError(unsupported(verb, words));
    yield* run(context, words, format);
  },
});

/** The supported commands by gdb's names and common abbreviations. */
const gdbNames: readonly (readonly [name: RegExp, run: GdbRun])[] = [
  [/^(p|pr|pri|prin|print|inspect|call)$/, runPrint],
  [/^(ou|out|outp|outpu|output)$/, runOutput],
  [/^printf$/, runPrintf],
  [/^(ec|ech|echo)$/, runEcho],
  [/^(pt|pty|ptyp|ptype)$/, runPtype],
  [/^(what|whati|whatis)$/, runWhatis],
  [/^x$/, runExamine],
  [/^(l|li|list)$/, runList],
  [/^(disas|disass|disasse|disassem|disassemb|disassembl|disassemble)$/, runDisassemble],
  [/^(i|inf|info)$/, runInfo],
  [/^(f|fr|fra|fram|frame)$/, runFrame],
  [/^up$/, runUp],
  [/^(do|dow|down)$/, runDown],
  [/^(bt|where|ba|bac|back|backt|backtr|backtra|backtrac|backtrace)$/, runBacktrace],
  [/^set$/, runSet],
  [/^show$/, runShow],
];

/** Prints a text without a new line, as gdb's `echo` does; that of crash adds one. */
function* runEcho(_context: Context, words: string): Running {
  const shown = unescaped(words);
  yield lazyRecord(
    () => ({ text: shown }),
    () => shown.split("\n").map((line) => [line]),
    { isOpen: shown !== "" },
  );
}

const FLAVOR = "disassembly-flavor";

function* runSet(context: Context, words: string): Running {
  const [, name = "", value = ""] = /^(\S+)\s*(.*)$/s.exec(words) ?? [];
  if (name !== FLAVOR) throw new UsageError(unsupported("set", words));
  yield changed(setting(context, FLAVOR, value));
}

function* runShow(context: Context, words: string): Running {
  if (words !== FLAVOR) throw new UsageError(unsupported("show", words));
  const value = variable(context, FLAVOR);
  yield record({ flavor: value }, `The disassembly flavor is "${value}".`);
}
