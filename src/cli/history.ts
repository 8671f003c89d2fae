import { attemptSystem } from "../base/systemError.ts";
import { appendFileSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { wholeFile } from "../base/file.ts";
import { UsageError } from "../base/usageError.ts";

/** Lines that are kept, in memory and from earlier sessions. */
export const HISTORY_LINES = 1000;

/** Bytes of the file: nothing shortens it. */
const MAX_HISTORY = 64 << 20;

/** The user's own place for such a file, by the XDG base directory specification. */
export const historyPath = (env: NodeJS.ProcessEnv): string =>
  join(env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "vmcore-debug", "history");

/** Lines of this and earlier sessions; a history that cannot be kept lasts as long as the session. */
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
    // A read-only home is no reason to stop.
    attemptSystem(() => {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      appendFileSync(this.path, `${line}\n`, { mode: 0o600 });
    });
  }

  /** Every line with its number, as `h` shows it. */
  numbered(): string[] {
    return this.lines.map((line, i) => `[${i + 1}] ${line}`);
  }

  /**
   * What crash's `r`, `r 5`, `r ps`, `!!` and `!5` stand for: the last line, a line by number, the last that starts so.
   * Any other line stands for itself.
   * @throws UsageError when there is no such line
   */
  recall(line: string): string {
    const asked = /^(?:r(?:\s+(\S.*))?|!(?:!|(\d+)))$/.exec(line.trim());
    if (!asked) return line;
    const wanted = asked[1] ?? asked[2] ?? "";
    const number = /^\d+$/.test(wanted) ? Number(wanted) : undefined;
    const found = number === undefined ? this.lines.findLast((one) => one.startsWith(wanted)) : this.lines[number - 1];
    if (found === undefined) throw new UsageError(`no such command in the history: ${wanted || "it is empty"}`);
    return found;
  }
}

const readLines = (path: string): string[] =>
  attemptSystem(() => wholeFile(path, MAX_HISTORY))
    ?.toString("utf8")
    .split("\n")
    .filter((line) => line !== "") ?? [];
