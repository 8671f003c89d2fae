/** Runs lines of the Debug Console as commands and sends their output to the client. */
import { closeSync, openSync, writeSync } from "node:fs";
import { UsageError } from "../base/usageError.ts";
import type { Context } from "../crash/language/command.ts";
import { withLocals } from "../crash/language/context.ts";
import { readLine, run } from "../crash/language/language.ts";
import type { CommandLine } from "../crash/language/line.ts";
import type { RecordedOutput } from "../document/transcript.ts";
import { type Line, lineText, type Piece } from "../say/piece.ts";
import { ansi, plain, type Style } from "../render/style.ts";
import { pieceText } from "../render/text.ts";
import type { Job } from "../base/job.ts";
import { refuseInputs } from "../session/refuseInputs.ts";
import type { Client } from "./client.ts";
import type { FrameRow } from "./frames.ts";
import { scopeOf } from "./values/scope.ts";
import type { Target } from "./target.ts";

/** Size of a portion of output in characters. One message per line would overload the client. */
const CHUNK_CHARACTERS = 8192;

/** Time in milliseconds after which output is sent even if the portion is not full. */
const CHUNK_MS = 50;

/**
 * Runs a command line with the frame's locals and task. Output is sent in portions while the command runs.
 *
 * @returns the output, if it fitted into one portion and was not sent yet; else an empty string
 * @throws UsageError, Fault
 */
export function* command(target: Target, text: string, row: FrameRow | undefined): Job<string> {
  const recorded = target.console.transcript.begin(text);
  let isEnded = false;
  try {
    const answer = yield* recordedCommand(target, text, row, recorded);
    isEnded = true;
    return answer;
  } catch (error) {
    isEnded = true;
    recorded.add(error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    if (!isEnded) recorded.cancelled();
  }
}

function* recordedCommand(
  target: Target,
  text: string,
  row: FrameRow | undefined,
  recorded: RecordedOutput,
): Job<string> {
  const context = contextFor(target, row);
  const line = readLine(context, text);
  if (line.shell !== undefined) throw new UsageError("the debug console runs no shell: use a terminal");
  if (line.input !== undefined)
    throw new UsageError("the debug console reads no files: use vmcore-debug in a terminal");
  if (line.output && target.client.onlyReads)
    throw new UsageError("an adapter that listens writes no files: use vmcore-debug in a terminal");
  if (line.output) refuseInputs(context.session, line.output.path);
  const style = target.client.supports("supportsANSIStyling") ? ansi() : plain;
  const sink = line.output
    ? new FileSink(line.output, target.client, recorded)
    : new ConsoleSink(target, style, recorded);
  const job = copyTo(sink, run(context, line));
  let answer = "";
  try {
    const changes = yield* job;
    target.change(changes);
    if (changes.some(({ refresh }) => refresh)) yield* reopen(target);
  } finally {
    answer = sink.end();
    // A cancelled command may have loaded debuginfo before it stopped.
    target.announce();
  }
  return answer;
}

/** Replaces the target by one that reads the memory of a running kernel or guest anew. */
function* reopen(target: Target): Job<void> {
  // A gdbstub accepts one connection at a time.
  target.session.dump.close();
  const fresh = yield* target.renewed();
  target.replaceWith(fresh);
  fresh.refresh();
}

/** Writes each piece that a job yields to the sink, and yields it. */
function* copyTo<T>(sink: Sink, job: Job<T, Piece>): Job<T, Piece> {
  let step: IteratorResult<Piece, T> | undefined;
  try {
    for (step = job.next(); !step.done; step = job.next()) {
      sink.say(step.value);
      yield step.value;
    }
    return step.value;
  } finally {
    if (!step?.done) job.return(undefined as T);
  }
}

/** Runs the commands at the start of a session: `sys`, as crash does, then the configured init commands. */
export function* openingCommands(target: Target): Job<void> {
  for (const line of ["sys", ...target.arguments.initCommands]) {
    if (line !== "sys") target.client.output(`> ${line}\n`);
    try {
      const answer = yield* command(target, line, undefined);
      if (answer !== "") target.client.output(`${answer}\n`, { category: "stdout" });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      target.client.output(`${error.message}\n`, { category: "stderr" });
    }
  }
}

/**
 * Returns the user's context with the locals of the selected frame. A task chosen by `set` is kept until another thread
 * is selected.
 */
function contextFor(target: Target, row: FrameRow | undefined): Context {
  if (row && row.thread !== target.console.thread) {
    target.console.thread = row.thread;
    const { task } = row.thread;
    if (task) target.change([{ task }]);
  }
  return withLocals(target.context, scopeOf(target, row));
}

interface Sink {
  say(piece: Piece): void;
  /** Flushes the sink. Returns the output if none was sent yet, else an empty string. */
  end(): string;
}

/** Sends output to the Debug Console in portions. A line that names a source is sent on its own, with a link to it. */
class ConsoleSink implements Sink {
  private readonly target: Target;
  private readonly style: Style;
  private text = "";
  private flushedAt = performance.now();
  private isSilent = true;
  private readonly recorded: RecordedOutput;

  constructor(target: Target, style: Style, recorded: RecordedOutput) {
    this.target = target;
    this.style = style;
    this.recorded = recorded;
  }

  say(piece: Piece): void {
    if (piece.kind === "progress") return;
    if (piece.kind === "usage") {
      this.recorded.add(piece.message);
      this.write(`${piece.message}\n`);
    }
    for (const line of piece.lines) {
      this.recorded.add(lineText(line));
      const text = pieceText({ kind: "text", lines: [line] }, this.style);
      const place = sourceOf(line);
      if (!place) this.write(text);
      else this.link(text, place);
    }
  }

  private write(text: string): void {
    this.text += text;
    if (this.text.length >= CHUNK_CHARACTERS || performance.now() - this.flushedAt >= CHUNK_MS) this.flush();
  }

  private link(text: string, place: { file: string; line: number }): void {
    if (this.target.sources.files.locate(place.file) === undefined) return this.write(text);
    this.flush();
    const { sources, client } = this.target;
    const source = sources.of({ ...place, column: 0 });
    client.output(text, { category: "stdout", source, line: client.lines.of(place.line) });
  }

  private flush(): void {
    this.isSilent = false;
    if (this.text !== "") this.target.client.output(this.text, { category: "stdout" });
    this.text = "";
    this.flushedAt = performance.now();
  }

  end(): string {
    if (this.isSilent) return this.text.replace(/\n$/, "");
    this.flush();
    return "";
  }
}

/** Returns the first source location that a line names; undefined if it names none. */
function sourceOf(line: Line): { file: string; line: number } | undefined {
  for (const span of line) if (typeof span !== "string" && span.as === "source") return span;
  return undefined;
}

/** Writes output to a file. As in crash, the file receives error messages, and the console shows them as well. */
class FileSink implements Sink {
  private readonly descriptor: number;
  private readonly client: Client;
  private readonly recorded: RecordedOutput;

  /** @throws NodeJS.ErrnoException */
  constructor({ path, append }: NonNullable<CommandLine["output"]>, client: Client, recorded: RecordedOutput) {
    this.descriptor = openSync(path, append ? "a" : "w");
    this.client = client;
    this.recorded = recorded;
  }

  say(piece: Piece): void {
    const message = piece.kind === "usage" ? `${piece.message}\n` : "";
    const text = message + pieceText(piece, plain);
    writeSync(this.descriptor, text);
    if (piece.kind !== "usage" && piece.kind !== "fault") return;
    this.recorded.add(text.replace(/\n$/, ""));
    this.client.output(text, { category: "stderr" });
  }

  end(): string {
    closeSync(this.descriptor);
    return "";
  }
}
