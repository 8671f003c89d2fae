/** Keeps the history of the prompt across sessions. */
import { attemptSystem } from "../base/systemError.ts";
import { appendFileSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { wholeFile } from "../base/file.ts";
import { UsageError } from "../base/usageError.ts";

/** Maximum number of lines in memory, from this and earlier sessions. */
export const HISTORY_LINES = 1000;

/** Maximum size of the history file in bytes, because the file is only appended to. */
const MAX_HISTORY = 64 << 20;

/** Returns the path of the history file, by the XDG Base Directory Specification. */
export const historyPath = (env: NodeJS.ProcessEnv): string =>
  join(env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "vmcore-debug", "history");

/** The lines of this and earlier sessions. If the file cannot be written, the history lasts as long as the session. */
export class History {
  private readonly lines: string[];
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
    this.lines = readLines(path).slice(-HISTORY_LINES);
  }

  newestFirst(): string[] {
    return this.lines.toReversed();
  }

  add(line: string): void {
    if (line.trim() === "" || line === this.lines.at(-1)) return;
    this.lines.push(line);
    // Ignore errors: the home directory may be read-only.
    attemptSystem(() => {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      appendFileSync(this.path, `${line}\n`, { mode: 0o600 });
    });
  }

  /** Returns all lines with their numbers, as `h` prints them. */
  numbered(): string[] {
    return this.lines.map((line, i) => `[${i + 1}] ${line}`);
  }

  /**
   * Expands crash's `r`, `r 5`, `r ps`, `!!` and `!5`: the last line, a line by number, the last line that starts with
   * a text. Returns any other line unchanged. @throws UsageError if there is no such line
   */
  recall(line: string): string {
    const asked = /^(?:r(?:\s+(\S.*))?|!(?:!|(\d+)))$/.exec(line.trim());
    if (!asked) return line;
    const wanted = asked[1] ?? asked[2] ?? "";
    const number = /^\d+$/.test(wanted) ? Number(wanted) : undefined;
    const found = number === undefined ? this.lines.findLast((one) => one.startsWith(wanted)) : this.lines[number - 1];
    if (found === undefined)
      throw new UsageError(wanted === "" ? "the history is empty" : `no command in the history matches ${wanted}`);
    return found;
  }
}

const readLines = (path: string): string[] =>
  attemptSystem(() => wholeFile(path, MAX_HISTORY))
    ?.toString("utf8")
    .split("\n")
    .filter((line) => line !== "") ?? [];
