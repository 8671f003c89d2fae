/** Records the commands of a session with their output, so that they can be copied as a document. */
import { basename } from "node:path";
import { markdownProse } from "../base/markdown.ts";
import { type Block, heading, paragraph } from "./block.ts";
import { leftOutLine, type Shortening } from "./shortening.ts";

/** Returns the heading of a session's notebook: the dump is named without directories, which differ between machines. */
export const sessionHeading = ([vmcore]: readonly string[]): Block =>
  heading(1, `Session on ${markdownProse(basename(vmcore ?? "a crash dump"))}`);

/** Returns the text that replaces the end of a line of `length` characters. */
const cutEnd = (length: number): string => ` [... cut: the line has ${length} characters]`;

/** Numbers of lines at the beginning and at the end of an output that are kept. */
const KEPT: Shortening = { head: 300, tail: 100 };

/** Maximum number of characters of a line that are kept. */
const MAX_LINE = 2000;

/** Maximum number of commands that are kept; the oldest are dropped. */
const MAX_COMMANDS = 500;

/** The output of one command. It keeps a limited number of lines, and counts all. */
export class RecordedOutput {
  private readonly head: string[] = [];
  private tail: string[] = [];
  private count = 0;

  /** Adds lines. @param text without a newline at its end */
  add(text: string): void {
    for (const line of text.split("\n")) {
      const kept = line.length > MAX_LINE ? line.slice(0, MAX_LINE) + cutEnd(line.length) : line;
      this.count++;
      if (this.head.length < KEPT.head) this.head.push(kept);
      else if (this.tail.push(kept) > 2 * KEPT.tail) this.tail = this.tail.slice(-KEPT.tail);
    }
  }

  /** Adds a line that says that the user cancelled the command. */
  cancelled(): void {
    this.add("[... the command was cancelled here]");
  }

  /** Returns the output without a newline at its end. */
  text(): string {
    const { head, count } = this;
    const missing = count - head.length - KEPT.tail;
    // A single missing line is kept, because the line about it would be no shorter.
    const isShortened = missing > 1;
    const tail = isShortened ? this.tail.slice(-KEPT.tail) : this.tail;
    return [...head, ...(isShortened ? [leftOutLine(missing, count)] : []), ...tail].join("\n");
  }
}

interface Command {
  readonly line: string;
  readonly output: RecordedOutput;
}

/** The commands of a session in their order. */
export class Transcript {
  private commands: Command[] = [];
  private dropped = 0;

  /** Adds a command. @returns where to add its output */
  begin(line: string): RecordedOutput {
    const output = new RecordedOutput();
    this.commands.push({ line, output });
    if (this.commands.length > MAX_COMMANDS) {
      this.commands.shift();
      this.dropped++;
    }
    return output;
  }

  /** Number of recorded commands. */
  get length(): number {
    return this.commands.length;
  }

  /** Returns a notebook: the commands, each with its output. @param vmcore the files of the dump */
  blocks(vmcore: readonly string[]): Block[] {
    const missing =
      this.dropped === 0 ? [] : [paragraph(`The first ${this.dropped} commands of the session are left out.`)];
    return [
      sessionHeading(vmcore),
      ...missing,
      ...this.commands.map(({ line, output }): Block => ({ kind: "command", lines: line, output: output.text() })),
    ];
  }
}
