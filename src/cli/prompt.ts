/** Reads commands from a terminal. */
import { createInterface } from "node:readline";
import type { Context } from "../crash/language/command.ts";
import { complete } from "../crash/language/complete.ts";
import { variable } from "../crash/language/variables.ts";
import { History, HISTORY_LINES, historyPath } from "./history.ts";
import { reportError, type Terminal } from "./terminal.ts";

/** Reads and runs commands until the user ends the session. */
export async function converse(terminal: Terminal): Promise<void> {
  const history = new History(historyPath(process.env));
  const cancel = (): void => terminal.cancel();
  process.on("SIGINT", cancel);
  const typedAhead: TypedAhead = { lines: [], rest: "" };
  for (;;) {
    const line = typedAhead.lines.shift() ?? (await ask(terminal.context, history, typedAhead));
    if (line === undefined) break;
    if (line.trim() === "h") process.stdout.write(`${history.numbered().join("\n")}\n`);
    else await recallAndExecute(terminal, history, line);
    if (terminal.context.ended) break;
  }
  process.off("SIGINT", cancel);
}

/** What was pasted together with the line before it. */
interface TypedAhead {
  readonly lines: string[];
  /** The text after the last line. */
  rest: string;
}

async function recallAndExecute(terminal: Terminal, history: History, line: string): Promise<void> {
  try {
    const recalled = history.recall(line);
    if (recalled !== line) process.stdout.write(`${recalled}\n`);
    history.add(recalled);
    await terminal.execute(recalled);
  } catch (error) {
    reportError(error);
  }
}

/**
 * Reads one line from the terminal. The line editor exists only meanwhile. Between two lines the terminal is in its
 * normal mode, so that Ctrl-C is a signal and the pager can read the keyboard.
 *
 * @returns undefined at the end of the input
 */
function ask(context: Context, history: History, typedAhead: TypedAhead): Promise<string | undefined> {
  const editor = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: variable(context, "prompt"),
    history: history.newestFirst(),
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    completer: (line: string) => {
      const { items, from } = complete(context, line);
      return [items, line.slice(from)];
    },
  });
  return new Promise((resolve) => {
    let first: string | undefined;
    let isCancelled = false;
    editor.on("line", (line) => {
      // Pasted lines arrive together; keep those after the first for later calls.
      if (first !== undefined) typedAhead.lines.push(line);
      else {
        first = line;
        setImmediate(() => editor.close());
      }
    });
    // Return an empty line instead of the cancelled one, as shells do.
    editor.on("SIGINT", () => {
      process.stdout.write("^C\n");
      first ??= "";
      isCancelled = true;
      editor.close();
    });
    editor.on("close", () => {
      if (first === undefined) process.stdout.write("\n");
      typedAhead.rest = isCancelled ? "" : editor.line;
      resolve(first);
    });
    editor.prompt();
    if (typedAhead.rest !== "") editor.write(typedAhead.rest);
  });
}
