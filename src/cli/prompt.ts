import { createInterface } from "node:readline";
import type { Context } from "../crash/language/command.ts";
import { complete } from "../crash/language/complete.ts";
import { variable } from "../crash/language/variables.ts";
import { History, HISTORY_LINES, historyPath } from "./history.ts";
import { complain, type Terminal } from "./terminal.ts";

/** Asks for commands until the user is done. */
export async function converse(terminal: Terminal): Promise<void> {
  const history = new History(historyPath(process.env));
  const cancel = (): void => terminal.cancel();
  process.on("SIGINT", cancel);
  const typedAhead: string[] = [];
  for (;;) {
    const line = typedAhead.shift() ?? (await ask(terminal.context, history, typedAhead));
    if (line === undefined) break;
    if (line.trim() === "h") process.stdout.write(`${history.numbered().join("\n")}\n`);
    else await recallAndExecute(terminal, history, line);
    if (terminal.context.ended) break;
  }
  process.off("SIGINT", cancel);
}

async function recallAndExecute(terminal: Terminal, history: History, line: string): Promise<void> {
  try {
    const recalled = history.recall(line);
    if (recalled !== line) process.stdout.write(`${recalled}\n`);
    history.add(recalled);
    await terminal.execute(recalled);
  } catch (error) {
    complain(error);
  }
}

/**
 * One line from the terminal. The line editor lives only while it is asked: between two lines the terminal is an
 * ordinary one, so that Ctrl-C is a signal and the pager has the keyboard to itself.
 *
 * @returns undefined when there is no more input
 */
function ask(context: Context, history: History, typedAhead: string[]): Promise<string | undefined> {
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
    editor.on("line", (line) => {
      // Pasted lines arrive together; those after the first wait for their turn.
      if (first !== undefined) typedAhead.push(line);
      else {
        first = line;
        setImmediate(() => editor.close());
      }
    });
    // An empty line instead of the one given up, as shells do.
    editor.on("SIGINT", () => {
      process.stdout.write("^C\n");
      first ??= "";
      editor.close();
    });
    editor.on("close", () => {
      if (first === undefined) process.stdout.write("\n");
      resolve(first);
    });
    editor.prompt();
  });
}
