import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Context } from "../crash/command.ts";
import { complete } from "../crash/complete.ts";
import type { Terminal } from "./terminal.ts";

const PROMPT = "vmcore-debug> ";
const HISTORY_LINES = 1000;

/** Asks for commands until the user is done. */
export async function converse(terminal: Terminal, context: Context): Promise<void> {
  const history = new History();
  const cancel = (): void => terminal.cancel();
  process.on("SIGINT", cancel);
  const typedAhead: string[] = [];
  for (;;) {
    const line = typedAhead.shift() ?? (await ask(context, history, typedAhead));
    if (line === undefined) break;
    history.add(line);
    await terminal.execute(line);
    if (context.ended) break;
  }
  process.off("SIGINT", cancel);
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
    prompt: PROMPT,
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

/** Lines of this and earlier sessions, kept in the XDG state directory; a history that cannot be kept is no error. */
class History {
  private readonly lines: string[];
  private readonly path: string;

  constructor() {
    const state = process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state");
    this.path = join(state, "vmcore-debug", "history");
    this.lines = readLines(this.path).slice(-HISTORY_LINES);
  }

  newestFirst(): string[] {
    return this.lines.toReversed();
  }

  add(line: string): void {
    if (line.trim() === "" || line === this.lines.at(-1)) return;
    this.lines.push(line);
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      appendFileSync(this.path, `${line}\n`, { mode: 0o600 });
    } catch {
      // a read-only home: the history lasts as long as the session
    }
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}
