/** The types of the command language: commands with their options and arguments, and the context in which they run. */
import type { Fault } from "../../base/fault.ts";
import type { RandomFile } from "../../base/file.ts";
import type { KernelConfig } from "../../linux/kdump/kernelOptions.ts";
import type { Scope } from "../../model/expression/evaluate.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Piece } from "../../say/piece.ts";
import type { TaskWorkers } from "./taskShare.ts";
import { indent } from "../../render/pad.ts";
import type { Records } from "../../say/table.ts";
import type { LaterCommitsOf } from "./laterCommits.ts";
import type { PrintedValues } from "./printedValues.ts";

/** The values of a context; `task` is undefined until the user has chosen one. */
export type ContextValues = Omit<Context, "task" | "taskFault" | "with"> & { readonly task?: Obj };

/**
 * The user's context: current task, radix, variables of `set`. A context is immutable. A command that changes something
 * for the commands after it yields a `Changed`; the caller that runs the commands applies it to a new context.
 */
export interface Context {
  /** Returns a copy of the context with some values replaced. */
  readonly with: (values: Partial<ContextValues>) => Context;
  readonly kernel: Kernel;
  /** The built-in commands. */
  readonly commands: readonly Command[];
  /** Current task, `struct task_struct`. @throws Fault when this dump's tasks cannot be listed */
  readonly task: Obj;
  /** Why the default task is not the panic task; undefined if it is, or if the user chose a task. */
  readonly taskFault: Fault | undefined;
  /** Output radix, 10 or 16. */
  readonly radix: 10 | 16;
  /** Variables of `set`: "scroll", "print_max", ... */
  readonly variables: ReadonlyMap<string, string>;
  /** Aliases that the user defined. The built-in aliases are in alias.ts. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The values that `p` has printed: gdb's `$1`, `$2`, ... */
  readonly values: PrintedValues;
  /**
   * Number of the selected function in the current task's stack, as gdb counts them (inlined ones too); undefined until
   * `frame`, `up` or `down` has selected one.
   */
  readonly frame?: number | undefined;
  /** Whether `exit` was run: the front end then closes the session. */
  readonly ended: boolean;
  /**
   * Refuses commands that are not declared as read-only (`Command.readsOnly`), because the user may be on another
   * machine.
   */
  readonly onlyReads?: boolean;
  /** Names usable in expressions before globals: a frame's locals. */
  readonly locals?: Scope | undefined;
  /** Reads source files; undefined if the session cannot locate any. */
  readonly sourceText?: SourceText | undefined;
  /** Searches the repository of the kernel's source; undefined if the session runs no git. */
  readonly laterCommits?: LaterCommitsOf | undefined;
  /** Loads and unloads modules' debuginfo; undefined where the front end opens no files. */
  readonly modules?: ModuleDebuginfoControl | undefined;
  /** The user's own commands; undefined where the front end runs no foreign code. Only the terminal sets it. */
  readonly extensions?: Extensions | undefined;
  /**
   * Opens a file for data copied out of the dump, and makes the folders of its path if `makesFolders` says so;
   * undefined where the front end writes no files. Only the terminal sets it.
   */
  readonly createFile?: ((path: string, options?: { readonly makesFolders?: boolean }) => OutputFile) | undefined;
  /** Runs commands for many tasks in threads; undefined where the front end needs the pieces themselves. */
  readonly taskWorkers?: TaskWorkers | undefined;
  /** Properties of the opened files for `sys`, set by session/: paths as given, format, sizes, warnings. */
  readonly session: SessionFacts;
}

/** Changes that a command makes to the context of the commands after it. */
export interface Change {
  readonly task?: Obj;
  readonly frame?: number;
  readonly radix?: 10 | 16;
  /** The variables that are set, with their new values. */
  readonly variables?: ReadonlyMap<string, string>;
  /** The aliases that are defined; an undefined value deletes the alias. */
  readonly aliases?: ReadonlyMap<string, string | undefined>;
  /** A value that `p` printed; it is appended to the printed values. */
  readonly value?: Obj;
  readonly ended?: true;
  /** Whether the front end opens the memory anew, and replaces the session. */
  readonly refresh?: true;
}

/** A context change, yielded among the pieces of a command. */
export interface Changed {
  readonly kind: "changed";
  readonly change: Change;
}

/** A running command: yields its output and its context changes. */
export type Running = Generator<Piece | Changed, void, void>;

/**
 * Returns the lines of a source file that debuginfo names, or undefined if the file is not on this machine. Yields
 * progress, because the archive with the file may have to be unpacked first.
 */
export type SourceText = (file: string) => Generator<Piece, readonly string[] | undefined, void>;

/** A file that a command writes. Opening it truncates it. */
export interface OutputFile {
  write(bytes: Uint8Array): void;
  close(): void;
}

/**
 * A dump that a driver made of its device (NT_VMCOREDD). `offset` is the byte offset of its contents in the dump file.
 */
export interface DeviceDump {
  readonly name: string;
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
}

/** Loads and unloads files with the user's own commands, for `extend`. */
export interface Extensions {
  /** The commands of each loaded file by path, in the order of loading. */
  readonly loaded: ReadonlyMap<string, readonly Command[]>;
  /**
   * Runs a JavaScript or TypeScript file whose default export, or export `commands`, is a command or an array of
   * commands.
   * @returns the file's full path
   * @throws UsageError if the file cannot be run or exports no commands
   */
  load(path: string): string;
  /** Removes the commands of a file. @returns the file's full path. @throws UsageError for a file that is not loaded */
  unload(path: string): string;
  /** Lists the files in the directory in which extensions are looked up by name. */
  available(): readonly string[];
}

/** A section of a module's file with the address at which it was loaded. */
export interface PlacedSection {
  readonly name: string;
  readonly address: bigint;
  /** Size in bytes. */
  readonly size: number;
}

/** Selects the file that provides a module's lines, types and globals, for `mod`. session/ implements it. */
export interface ModuleDebuginfoControl {
  /** Returns the file in use; undefined if none was loaded or found. */
  path(name: string): string | undefined;
  /**
   * Loads the debuginfo of a module from a file, a directory, or the session's search locations.
   * @param place a file or a directory; undefined for the search locations
   * @param marksSections whether `sections` returns the addresses of the module's sections afterwards
   * @returns the file
   * @throws UsageError with the reason why no file can be used
   */
  load(name: string, place: string | undefined, marksSections?: boolean): string;
  /**
   * Returns the sections that `mod -g` adds to the module's symbols; empty unless it was loaded with `marksSections`.
   */
  sections(name: string): readonly PlacedSection[];
  /** Removes the module's debuginfo until it is loaded again. */
  unload(name: string): void;
}

/** Facts about the opened files, and what is missing in the session. */
export interface SessionFacts {
  readonly vmcore: readonly string[];
  readonly vmlinux: string | undefined;
  readonly format: string;
  readonly incomplete: boolean;
  readonly dumpLevel: number | undefined;
  /** What a makedumpfile filter erased from the dump, as a sentence. */
  readonly erased?: string | undefined;
  readonly timestamp: number | undefined;
  /** For memory that was not dumped: whether its machine runs, or is paused by the session. */
  readonly live?: "running" | "paused" | undefined;
  /** The dump file, for `rd -f` and `dev -v`; the first file of a split dump. */
  readonly file?: RandomFile | undefined;
  /**
   * Reads the configuration of the kernel with a release from a file: beside the dump, or of an installed kernel.
   * Undefined where the session searches for no files; returns undefined if there is none.
   */
  readonly configFile?: ((release: string) => ConfigFile | undefined) | undefined;
  /** Device dumps that drivers added in notes of their own. */
  readonly deviceDumps?: readonly DeviceDump[];
  /** Returns the headers of the dump as rows of a name and a value. */
  readonly headerRows?: () => readonly (readonly [name: string, value: string])[];
  /** What the session is missing, as sentences: "no types: the dump leaves out .BTF; give a vmlinux". */
  readonly limitations: readonly string[];
}

/** A kernel's configuration and the file that it is from. */
export interface ConfigFile {
  readonly path: string;
  readonly config: KernelConfig;
}

/** A command-line option. */
export interface Option {
  /** "-a", or "-64" for crash's options of several characters. */
  readonly flag: string;
  /** Name of the argument in the usage line. An option without it is a switch. */
  readonly argument?: string;
  /**
   * Whether the argument can be left out. Such an argument is only given as `-x=value`, for example `kmem -i=shared`.
   */
  readonly optional?: boolean;
  readonly help: string;
}

/** A word of a command line. Double quotes group words; single quotes mark a regular expression. */
export interface Word {
  /** The word without its quotes. */
  readonly text: string;
  readonly quote: '"' | "'" | undefined;
  /** Offset in the text that was split into words, in UTF-16 code units. */
  readonly start: number;
}

/** The parsed options. A switch has the value "". Repeated options are kept in order. */
export interface Parsed {
  has(flag: string): boolean;
  /** Returns the last value given for the option; undefined if it was not given. */
  value(flag: string): string | undefined;
  values(flag: string): readonly string[];
  /**
   * The arguments that are not options, without quotes. With `takesExpression` it holds at most one string, the
   * expression as typed.
   */
  readonly rest: readonly string[];
  /** The same arguments with their quotes, for commands that distinguish a name from 'a regular expression'. */
  readonly words: readonly Word[];
  /** Everything after the command name, as the user typed it. */
  readonly line: string;
}

export interface Example {
  readonly line: string;
  /** What the example shows, in one sentence. */
  readonly shows: string;
}

/** A crash command: one file, and one line in commands.ts. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** "[-a|-c cpus] [pid | taskp] ..."; several lines if one would be too long. */
  readonly usage: string;
  readonly options: readonly Option[];
  /** The text of `help NAME` between usage and examples, in paragraphs. */
  readonly description: string;
  readonly examples: readonly Example[];
  /**
   * Whether a read-only session may run the command: it writes no file, opens no file that the line names, runs no
   * foreign code and uses no network. Default: false. A function decides by the arguments.
   */
  readonly readsOnly?: true | ((args: Parsed) => boolean);
  /** Whether the rest of the line is one expression: then options end at the first word that is not an option. */
  readonly takesExpression?: boolean;
  /** Whether all words are text, including words that start with a hyphen. */
  readonly takesText?: boolean;
  /** Whether any word that is not an option is a mistake. */
  readonly takesOnlyOptions?: boolean;
  /**
   * Whether a line that begins with a word is one of this command, if no command, variable or type has that name. The
   * command receives the whole line.
   */
  readonly answersTo?: (word: string) => boolean;
  /** Whether a local variable of that name has precedence where an expression can be typed: kernels have many `info`s. */
  readonly yieldsToLocals?: true;
  /** Describes the command's records, for docs/json.md. */
  readonly records?: () => readonly Records[];
  /** What the command requires. If it is missing, the command reports that in one line. */
  readonly needs?: readonly ("types" | "tasks" | "memory")[];
  /** Runs the command. @throws UsageError, Fault */
  run(context: Context, args: Parsed): Running;
}

export const command = (declaration: Command): Command => declaration;

/**
 * Returns the built-in commands and the commands that `extend` loaded, sorted by name. A built-in command takes
 * precedence, then the file that was loaded last.
 */
export function commandsOf({ commands, extensions }: Pick<Context, "commands" | "extensions">): readonly Command[] {
  const all = new Map<string, Command>();
  for (const one of [...(extensions?.loaded.values() ?? [])].flat()) all.set(one.name, one);
  for (const one of commands) all.set(one.name, one);
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Returns the command of that name among `commandsOf`; undefined if there is none. */
export function commandNamed({ commands, extensions }: Context, name: string): Command | undefined {
  const isNamed = (one: Command): boolean => one.name === name;
  return commands.find(isNamed) ?? [...(extensions?.loaded.values() ?? [])].flat().findLast(isNamed);
}

/** Returns the command's name and arguments. Further lines are indented to the arguments of the first. */
export const synopsis = ({ name, usage }: Command): readonly string[] =>
  usage.split("\n").map((line, i) => `${i === 0 ? name : indent(name.length)} ${line}`.trimEnd());
