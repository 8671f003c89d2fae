/** Runs command lines: splits them, finds the command, applies the filters, and reports mistakes. */
import { attempt, Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import { expandAlias } from "./alias.ts";
import {
  type Change,
  type Command,
  commandNamed,
  type Context,
  type Parsed,
  type Running,
  synopsis,
} from "./command.ts";
import { withChange } from "./context.ts";
import { missingTypes } from "./missingTypes.ts";
import { flowOf, piecesOf, type Filter, type Filtered } from "./filter.ts";
import { filters } from "./filters.ts";
import { type CommandLine, parseLine } from "./line.ts";
import { parseOptions } from "./parse.ts";
import { WrongUse } from "./wrongUse.ts";
import { SymbolNotFound, symbolNotFound } from "./symbolNotFound.ts";
import type { Scope } from "../../model/expression/evaluate.ts";
import { faultPiece, type Piece, type Pieces } from "../../say/piece.ts";
import { variable } from "./variables.ts";

/** Parses a command line after alias expansion. @throws UsageError */
export const readLine = (context: Context, line: string): CommandLine =>
  parseLine(expandAlias(context, line), {
    isExpression: (before) => takesExpression(context, before),
    isValue: (name) => context.kernel.hasVariable(name) || context.kernel.types.enumerator(name) !== undefined,
  });

/** Whether the line begins with a command that takes an expression. */
function takesExpression(context: Context, line: string): boolean {
  try {
    return resolve(context, gdbCommandLine(context, line)).command.takesExpression === true;
  } catch (error) {
    if (error instanceof UsageError || error instanceof Fault) return false;
    throw error;
  }
}

/**
 * Runs a command line including its filters. The front end handles files and shell commands in the line; `readLine`
 * returns them. Never throws Fault or UsageError: they become the last piece. Any other error is a bug and propagates.
 *
 * @param argumentLines for `command < file`: runs the command once per line, with the line appended
 * @returns the changes for the lines after it: see `withChanges`
 */
export function* run(
  context: Context,
  line: string | CommandLine,
  argumentLines?: Iterable<string>,
): Generator<Piece, readonly Change[], void> {
  const changes: Change[] = [];
  try {
    const { command, filters: stages } = typeof line === "string" ? readLine(context, line) : line;
    yield* pipe(
      withoutChanges(runEach(context, command, argumentLines), (change) => changes.push(change)),
      stages,
    );
  } catch (error) {
    yield mistake(error, "vmcore-debug");
  }
  return changes;
}

function* runEach(context: Context, command: string, argumentLines?: Iterable<string>): Running {
  if (!argumentLines) return yield* runCommand(context, gdbCommandLine(context, command));
  let now = context;
  for (const more of argumentLines) {
    // As in crash, skip empty lines and comments.
    if (/^\s*(#|$)/.test(more)) continue;
    for (const one of runCommand(now, gdbCommandLine(now, `${command} ${more}`))) {
      if (one.kind === "changed") now = withChange(now, one.change);
      yield one;
    }
  }
}

/** Yields only the output of a command. @param onChange receives its changes; without it they are dropped */
export function* withoutChanges(running: Running, onChange?: (change: Change) => unknown): Pieces {
  for (const one of running)
    if (one.kind === "changed") onChange?.(one.change);
    else yield one;
}

/** Returns the built-in filter that a pipeline stage names; undefined if only a shell could run it. */
export function findFilter(stage: string): Filter | undefined {
  const name = /^\S+/.exec(stage)?.[0];
  return filters.find((filter) => filter.name === name);
}

function pipe(pieces: Generator<Piece>, stages: readonly string[]): Iterable<Piece> {
  if (stages.length === 0) return pieces;
  let flow: Filtered = flowOf(pieces);
  for (const stage of stages) {
    const filter = findFilter(stage);
    if (!filter)
      throw new UsageError(`no such filter: ${stage}; there are ${filters.map((one) => one.name).join(", ")}`);
    try {
      flow = filter.start(parseOptions(filter, stage.slice(filter.name.length)))(flow);
    } catch (error) {
      throw error instanceof UsageError
        ? new UsageError(`${filter.name}: ${error.message}; usage: ${filter.name} ${filter.usage}`)
        : error;
    }
  }
  return piecesOf(flow);
}

/** Runs one command with its arguments, without filters. */
export function* runCommand(context: Context, text: string): Running {
  if (text === "") return;
  const { command, line } = resolve(context, text);
  try {
    const args = parseOptions(command, line);
    if (context.onlyReads) refuseUnlessReading(command, args);
    const fault = command.needs?.some((need) => need !== "memory") ? missingTypes(context) : undefined;
    if (fault) throw fault;
    yield* command.run(context, args);
  } catch (cause) {
    // If the session has no types at all, report that instead of the single unknown type.
    const error = cause instanceof Fault && cause.kind === "unknown" ? (missingTypes(context) ?? cause) : cause;
    if (error instanceof SymbolNotFound) yield symbolNotFound(context.kernel, error);
    else yield mistake(error, command.name, command);
  }
}

/** Rejects commands that do more than read the dump. @throws UsageError */
function refuseUnlessReading({ readsOnly }: Command, args: Parsed): void {
  if (typeof readsOnly === "function" ? readsOnly(args) : readsOnly === true) return;
  throw new UsageError("this session only reads the dump: no files are written or named, no other code runs");
}

/** Prefixes a line with `gdb` after `set gdb on`, except lines that begin with `crash`, `gdb` or `set`. */
function gdbCommandLine(context: Context, text: string): string {
  if (variable(context, "gdb") !== "on" || text === "" || /^(gdb|set)\b/.test(text)) return text;
  return /^crash\s/.test(text) ? text.replace(/^crash\s+/, "") : `gdb ${text}`;
}

function mistake(error: unknown, name: string, command?: Command): Piece {
  if (error instanceof Fault) return faultPiece(error, `${name}: `);
  if (!(error instanceof UsageError)) throw error;
  const lines = command && error instanceof WrongUse ? usage(command) : [];
  return { kind: "usage", message: `${name}: ${error.message}`, lines: lines.map((line) => [line]) };
}

/** The usage text that follows a mistake, as crash prints it. */
export const usage = (command: Command): readonly string[] => [
  "Usage:",
  ...synopsis(command).map((line) => `  ${line}`),
  `Enter "help ${command.name}" for details.`,
];

/**
 * Finds the command that a line names. As in crash, `*` needs no space after it, and a word that is not a command is
 * tried as a variable and as a type.
 * @throws UsageError
 */
export function resolve(context: Context, text: string): { command: Command; line: string } {
  // As in gdb, `p/x` is `p` with a format.
  const name = text.startsWith("*") ? "*" : (/^[^\s/]+/.exec(text)?.[0] ?? text);
  const command = commandNamed(context, name);
  if (command) return { command, line: text.slice(name.length) };
  const implied = impliedCommand(context, /^[A-Za-z_]\w*/.exec(text)?.[0] ?? "");
  const found = context.commands.find((one) => one.name === implied);
  if (found) return { command: found, line: ` ${text}` };
  const other = context.commands.find((one) => one.answersTo?.(name));
  if (other) return { command: other, line: ` ${text}` };
  throw new UsageError(`command not found: ${name}; "help" lists the commands`);
}

/**
 * Whether the first word of a line names a command. An empty line counts as one, because it is not an expression. @param
 * locals the names of the frame: one that is the whole line has precedence over some commands (`yieldsToLocals`)
 */
export function isCommandLine(context: Context, text: string, locals?: Scope): boolean {
  const line = expandAlias(context, text.trim());
  const first = /^(\*|[^\s/]+)/.exec(line)?.[0];
  if (first === undefined) return true;
  // `*` is crash's short form of struct and union; before another name it is C's operator.
  if (first === "*") return isStructLine(context, line);
  const named = commandNamed(context, first);
  if (named?.yieldsToLocals && first === line && locals) return attempt(() => locals(first)) === undefined;
  return named !== undefined;
}

/** Whether `*NAME ...` names a struct, a union or a typedef, which the command `*` prints. */
function isStructLine({ kernel }: Context, line: string): boolean {
  const [, name = ""] = /^\*\s*(\w+)/.exec(line) ?? [];
  return (["struct", "union", "typedef"] as const).some((kind) => kernel.types.find(kind, name) !== undefined);
}

function impliedCommand({ kernel }: Context, name: string): string | undefined {
  if (name === "") return undefined;
  if (kernel.hasVariable(name)) return "p";
  return (
    (["struct", "union"] as const).find((kind) => kernel.types.find(kind, name)) ??
    (kernel.types.find("typedef", name) && "whatis")
  );
}
