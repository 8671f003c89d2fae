/** Runs command lines and prints their output. */
import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { inputText } from "../base/file.ts";
import { printable } from "../base/printable.ts";
import { internalError } from "../base/sourceStack.ts";
import { UsageError } from "../base/usageError.ts";
import type { Context } from "../crash/language/command.ts";
import type { TaskWorkers } from "../crash/language/taskShare.ts";
import { withChanges } from "../crash/language/context.ts";
import { findFilter, readLine, run } from "../crash/language/language.ts";
import type { CommandLine } from "../crash/language/line.ts";
import type { Piece } from "../say/piece.ts";
import { variable } from "../crash/language/variables.ts";
import { JsonDocument } from "../render/json.ts";
import { plain, type Style } from "../render/style.ts";
import { pieceText } from "../render/text.ts";
import { Cancelled, drive } from "../base/job.ts";
import { OpenError } from "../session/open/openError.ts";
import { refuseInputs } from "../session/refuseInputs.ts";
import { pagedSink, pagerCommand } from "./pager.ts";
import { ProgressLine } from "./progress.ts";
import type { Recorder } from "./recorder.ts";
import { systemReason } from "./systemReason.ts";
import { buffered, fileSink, nowhere, programSink, standardOutput, type Sink } from "./sink.ts";

/** Maximum depth of command files that run each other, because a file may run itself. */
const MAX_INPUT_DEPTH = 16;

export interface TerminalOptions {
  readonly json: boolean;
  /** Whether to print colours and links; files and programs receive plain text. */
  readonly style: Style;
  /** Whether long output goes through the pager. */
  readonly paged: boolean;
  /** Whether the lines of files are printed after the prompt before they run, as in crash. */
  readonly echoes?: boolean;
  /** Records the commands and their outputs. */
  readonly recorder?: Recorder | undefined;
  /** Runs commands for many tasks in threads, which format their output in the given style. */
  readonly taskWorkers?: ((style: Style) => TaskWorkers) | undefined;
  /** Opens the memory of a running kernel or guest anew, for `refresh`. */
  readonly reopen?: (() => Promise<Context>) | undefined;
}

/**
 * Runs command lines interactively or from a script. Output goes to the screen, to files or to programs; errors go to
 * stderr.
 */
export class Terminal {
  private readonly options: TerminalOptions;
  private contextNow: Context;
  private running: AbortController | undefined;
  private isQuiet = false;
  private depth = 0;

  constructor(context: Context, options: TerminalOptions) {
    this.contextNow = context;
    this.options = options;
  }

  /** The user's context after the commands so far. */
  get context(): Context {
    return this.contextNow;
  }

  /** Cancels the running command, if there is one (Ctrl-C). */
  cancel(): void {
    this.running?.abort();
  }

  /** @returns whether all commands were answered */
  async execute(text: string): Promise<boolean> {
    const abort = new AbortController();
    this.running = abort;
    const { recorder } = this.options;
    // A line that runs a file is recorded as the lines of the file.
    if (!this.isQuiet) recorder?.begin(text);
    try {
      const line = readLine(this.context, text);
      if (line.shell !== undefined) return runShell(line.shell);
      if (line.input !== undefined && line.command === "") return await this.executeFile(line.input);
      return await this.executeCommand(line, abort);
    } catch (error) {
      recorder?.add(explain(error));
      return reportError(error);
    } finally {
      recorder?.end();
    }
  }

  /** Runs a file for its settings; prints only its errors. */
  async configure(path: string): Promise<void> {
    this.isQuiet = true;
    await this.executeFile(path).catch(reportError);
    this.isQuiet = false;
  }

  /**
   * Runs the lines of a file until one ends the session. @throws NodeJS.ErrnoException if it cannot be read; UsageError if
   * files run each other too deep
   */
  async executeFile(path: string): Promise<boolean> {
    if (this.depth >= MAX_INPUT_DEPTH)
      throw new UsageError(`${path}: command files run each other more than ${MAX_INPUT_DEPTH} deep`);
    this.depth++;
    let isAnswered = true;
    try {
      for (const line of linesOf(path)) {
        this.echo(line);
        isAnswered = (await this.execute(line)) && isAnswered;
        if (this.context.ended) break;
      }
    } finally {
      this.depth--;
    }
    return isAnswered;
  }

  /** Prints a line of a file, but neither an empty one nor a comment. */
  private echo(line: string): void {
    if (!this.options.echoes || this.isQuiet || /^\s*(#|\/\/|$)/.test(line)) return;
    process.stdout.write(`${printable(`${variable(this.context, "prompt")}${line}`)}\n`);
  }

  private async executeCommand(line: CommandLine, abort: AbortController): Promise<boolean> {
    if (line.command === "") return true;
    const argumentLines = line.input === undefined ? undefined : linesOf(line.input);
    const stage = line.filters.findIndex((filter) => !findFilter(filter));
    const program = stage < 0 ? undefined : line.filters.slice(stage).join(" | ");
    const filters = stage < 0 ? line.filters : line.filters.slice(0, stage);
    const style = line.output || program !== undefined ? plain : this.options.style;
    // Filters and records need the pieces of a command, not its text.
    const isText = filters.length === 0 && !this.options.json && !this.options.recorder;
    const taskWorkers = isText ? this.options.taskWorkers?.(style) : undefined;
    const job = run(this.context.with({ taskWorkers }), { ...line, filters }, argumentLines);
    const sink = await this.sinkFor(line, program, abort);
    const printer = new Printer(sink, {
      style,
      isJson: this.options.json && program === undefined,
      // As in crash, a file or program receives error messages as well.
      tellsSink: line.output !== undefined || program !== undefined,
      errors: variable(this.context, "error"),
    });
    const elsewhere = program ?? line.output?.path;
    const recorder = elsewhere === undefined ? this.options.recorder : undefined;
    if (elsewhere !== undefined) this.options.recorder?.add(`[... the output went to ${elsewhere}]`);
    const show = (piece: Piece): void | Promise<void> => {
      if (piece.kind === "usage") recorder?.add(piece.message);
      // A mistake without a usage has no lines.
      if (piece.kind !== "progress" && piece.lines.length > 0) recorder?.add(pieceText(piece));
      return printer.say(piece);
    };
    try {
      const changes = await drive(job, abort.signal, { onStep: show });
      this.contextNow = withChanges(this.contextNow, changes);
      if (changes.some(({ refresh }) => refresh)) await this.refresh();
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
      recorder?.cancelled();
      printer.isAnswered = false;
    } finally {
      await printer.end();
    }
    return printer.isAnswered;
  }

  /**
   * Replaces the context by one over memory that is read anew. Settings stay. The files of the old one are closed before,
   * so a failure or a cancel ends the session, because no command could read the dump any more.
   */
  private async refresh(): Promise<void> {
    const { radix, variables, aliases, extensions } = this.contextNow;
    let fresh: Context | undefined;
    try {
      fresh = await this.options.reopen?.();
    } catch (error) {
      this.contextNow = this.contextNow.with({ ended: true });
      throw error;
    }
    if (fresh) this.contextNow = fresh.with({ radix, variables, aliases, extensions });
  }

  private async sinkFor(line: CommandLine, program: string | undefined, abort: AbortController): Promise<Sink> {
    const giveUp = (): void => abort.abort();
    const { output } = line;
    if (output) refuseInputs(this.context.session, fromHome(output.path));
    if (program !== undefined) {
      const target = output ? ` ${output.append ? ">>" : ">"} ${shellQuoted(fromHome(output.path))}` : "";
      return buffered(programSink(`${program}${target}`, giveUp));
    }
    if (output) return buffered(await fileSink(fromHome(output.path), output.append));
    if (this.isQuiet) return nowhere;
    const { stdout } = process;
    const isPaged = this.options.paged && stdout.isTTY && this.context.variables.get("scroll") !== "off";
    const pager = isPaged ? pagerCommand(process.env) : undefined;
    if (pager !== undefined) return pagedSink(standardOutput, stdout, () => programSink(pager, giveUp));
    return buffered(standardOutput);
  }
}

interface PrinterOptions {
  readonly style: Style;
  readonly isJson: boolean;
  /** Whether errors go to the sink as well as to stderr. */
  readonly tellsSink: boolean;
  /** Value of crash's `set error`: "default", "redirect", or a file for errors. */
  readonly errors: string;
}

/** Writes the text or JSON of one command to its sink, and errors to stderr. */
class Printer {
  isAnswered = true;
  private readonly sink: Sink;
  private readonly options: PrinterOptions;
  private readonly document: JsonDocument | undefined;
  private readonly progress = new ProgressLine();

  constructor(sink: Sink, options: PrinterOptions) {
    this.sink = sink;
    this.options = options;
    this.document = options.isJson ? new JsonDocument() : undefined;
  }

  say(piece: Piece): void | Promise<void> {
    if (piece.kind === "progress") return this.progress.show(piece);
    this.progress.clear();
    if (piece.kind === "fault" || piece.kind === "usage") return this.reportFailure(piece);
    const text = this.document ? this.document.add(piece) : pieceText(piece, this.options.style);
    // Format only now, because the values of a record may be computed, and fail, when they are read.
    if (piece.kind === "record" && piece.unread) this.isAnswered = false;
    if (text !== "") return this.sink.write(text);
  }

  private reportFailure(piece: Extract<Piece, { kind: "fault" | "usage" }>): void | Promise<void> {
    this.isAnswered = false;
    const text = `${piece.kind === "usage" ? `${piece.message}\n` : ""}${pieceText(piece)}`;
    const { errors, tellsSink } = this.options;
    if (errors !== "default" && errors !== "redirect") return appendFileSync(errors, text);
    if (errors === "default" || !tellsSink || this.document) process.stderr.write(text);
    if (tellsSink && !this.document) return this.sink.write(text);
  }

  async end(): Promise<void> {
    this.progress.clear();
    if (this.document) await this.sink.write(this.document.end());
    await this.sink.end();
  }
}

/**
 * Prints an error: a user's mistake in one line, an internal error with its stack, so that it can be reported. @returns
 * false
 */
export function reportError(error: unknown): false {
  process.stderr.write(`vmcore-debug: ${explain(error)}\n`);
  return false;
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof UsageError || error instanceof OpenError) return error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined) return internalError(error).stack;
  return path === undefined ? systemReason(error) : `${path}: ${systemReason(error)}`;
}

const runShell = (command: string): boolean => {
  const shell = process.platform === "win32" ? process.env["ComSpec"] : process.env["SHELL"];
  return spawnSync(command === "" ? (shell ?? "/bin/sh") : command, { shell: true, stdio: "inherit" }).status === 0;
};

/** Reads the lines of a file. @throws NodeJS.ErrnoException */
function linesOf(path: string): string[] {
  try {
    return inputText(fromHome(path)).split(/\r?\n/);
  } catch (error) {
    // Add the path, because errors after opening do not contain it, for example for a directory.
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}

const fromHome = (path: string): string => (path.startsWith("~/") ? join(homedir(), path.slice(2)) : path);

const shellQuoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;
