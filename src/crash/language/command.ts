import type { Fault } from "../../base/fault.ts";
import type { RandomFile } from "../../base/file.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Piece } from "../../say/piece.ts";
import { indent } from "../../render/pad.ts";
import type { Records } from "../../say/table.ts";
import type { PrintedValues } from "./printedValues.ts";

/** What a context holds; the task only once the user chose one. */
export type ContextValues = Omit<Context, "task" | "taskFault" | "with"> & { readonly task?: Obj };

/**
 * The user's own context: current task, radix, variables of `set`. It is a value and never changes: a command that
 * changes something for those after it yields a `Changed`, and whoever runs commands goes on with another context.
 */
export interface Context {
  /** The same with other values in some places. */
  readonly with: (values: Partial<ContextValues>) => Context;
  readonly kernel: Kernel;
  /** The built-in commands. */
  readonly commands: readonly Command[];
  /** Current task, `struct task_struct`. @throws Fault when this dump's tasks cannot be listed */
  readonly task: Obj;
  /** Why the current task, which nobody chose, only stands in for the one that panicked. */
  readonly taskFault: Fault | undefined;
  /** Output radix, 10 or 16. */
  readonly radix: 10 | 16;
  /** Variables of `set`: "scroll", "print_max", ... */
  readonly variables: ReadonlyMap<string, string>;
  /** The user's own; the built-in ones are in alias.ts. */
  readonly aliases: ReadonlyMap<string, string>;
  /** What `p` has printed: gdb's `$1`, `$2`, ... */
  readonly values: PrintedValues;
  /** `exit` was given: the face ends the session after this command. */
  readonly ended: boolean;
  /** Only commands run that their table entry says to read (`Command.readsOnly`): the user may be on another machine. */
  readonly onlyReads?: boolean;
  /** Names usable in expressions before globals: a frame's locals. */
  readonly locals?: ((name: string) => Obj | undefined) | undefined;
  /** Set by whoever knows where sources are. */
  readonly sourceText?: SourceText | undefined;
  /** Loads and unloads modules' debuginfo; undefined where the face opens no files. */
  readonly modules?: ModuleDebuginfoControl | undefined;
  /** Commands of the user's own; undefined where the face runs no foreign code: only the terminal does. */
  readonly extensions?: Extensions | undefined;
  /** Opens a file for what is copied out of the dump; undefined where the face writes none: only the terminal does. */
  readonly createFile?: ((path: string) => OutputFile) | undefined;
  /** Facts of the opened files for `sys`, set by session/: paths as given, format, sizes, warnings. */
  readonly session: SessionFacts;
}

/** What a command changes in the context of the commands after it. */
export interface Change {
  readonly task?: Obj;
  readonly radix?: 10 | 16;
  /** Those that are set, to what. */
  readonly variables?: ReadonlyMap<string, string>;
  /** Those that are defined, and those that are deleted: undefined. */
  readonly aliases?: ReadonlyMap<string, string | undefined>;
  /** One more that was printed. */
  readonly value?: Obj;
  readonly ended?: true;
}

/** A change among the pieces of a command. */
export interface Changed {
  readonly kind: "changed";
  readonly change: Change;
}

/** A command at work: what it says, and what it changes. */
export type Running = Generator<Piece | Changed, void, void>;

/**
 * The lines of a source file that debuginfo names, where this machine has it. It tells how far it is: the archive that
 * they are in may have to be unpacked first.
 */
export type SourceText = (file: string) => Generator<Piece, readonly string[] | undefined, void>;

/** A file that a command fills, emptied when it was opened. */
export interface OutputFile {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** A driver's own dump of its device (NT_VMCOREDD): where its contents lie in the file. */
export interface DeviceDump {
  readonly name: string;
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** What `extend` steers: files with commands that the user wrote. */
export interface Extensions {
  /** By path, in the order in which they were loaded. */
  readonly loaded: ReadonlyMap<string, readonly Command[]>;
  /**
   * Runs a JavaScript or TypeScript file whose default export, or export `commands`, is a command or several.
   * @returns its path in full
   * @throws UsageError when it cannot be run, or exports no commands
   */
  load(path: string): string;
  /** @returns its path in full. @throws UsageError for a file that is not loaded */
  unload(path: string): string;
  /** Files that the user keeps where extensions are looked for by name. */
  available(): readonly string[];
}

/** A section of a module's file, and where it was loaded to. */
export interface PlacedSection {
  readonly name: string;
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
}

/** What `mod` steers: which file a module's lines, types and globals come from. session/ has the files. */
export interface ModuleDebuginfoControl {
  /** The file in use; undefined while none was asked for or found. */
  path(name: string): string | undefined;
  /**
   * Takes the debuginfo from a file, from what a directory holds, or from where this session looks for it.
   * @param place a file or a directory
   * @param marksSections `sections` is to tell where the module's sections lie
   * @returns the file
   * @throws UsageError saying why none can be used
   */
  load(name: string, place: string | undefined, marksSections?: boolean): string;
  /** What `mod -g` adds to the module's symbols; empty unless it was loaded so. */
  sections(name: string): readonly PlacedSection[];
  /** From now on there is none, until it is loaded again. */
  unload(name: string): void;
}

export interface SessionFacts {
  readonly vmcore: readonly string[];
  readonly vmlinux: string | undefined;
  readonly format: string;
  readonly incomplete: boolean;
  readonly dumpLevel: number | undefined;
  /** What a filter erased from it, in a sentence. */
  readonly erased?: string | undefined;
  readonly timestamp: number | undefined;
  /** The dump itself, for `rd -f` and `dev -v`; of a split set the first file. */
  readonly file?: RandomFile | undefined;
  /** What drivers added to the dump in notes of their own. */
  readonly deviceDumps?: readonly DeviceDump[];
  /** What the session lacks, in sentences: "no types: the dump leaves out .BTF; give a vmlinux". */
  readonly lacking: readonly string[];
}

/** One option letter. */
export interface Option {
  /** "-a"; "-64" where crash has one of several characters. */
  readonly flag: string;
  /** Name of its argument in the usage line; an option without it is a switch. */
  readonly argument?: string;
  /** The argument may be missing (only as `-x=value`, as `kmem -i=shared`). */
  readonly optional?: boolean;
  readonly help: string;
}

/** A word of a command line. Double quotes group words; single quotes are a regular expression's. */
export interface Word {
  /** Without its quotes. */
  readonly text: string;
  readonly quote: '"' | "'" | undefined;
  /** Offset in the text that was taken apart. */
  readonly start: number;
}

/** Options as they were given: "-a" to "" or to the argument; repeats are kept in order. */
export interface Parsed {
  has(flag: string): boolean;
  /** Last value given. */
  value(flag: string): string | undefined;
  values(flag: string): readonly string[];
  /** What is no option, without quotes; for `takesExpression` at most one string, the expression as typed. */
  readonly rest: readonly string[];
  /** The same with their quotes, for commands to which 'a regular expression' is not a name. */
  readonly words: readonly Word[];
  /** Everything after the command as the user typed it. */
  readonly line: string;
}

export interface Example {
  readonly line: string;
  /** What it shows, one sentence. */
  readonly shows: string;
}

/** A crash command: one file, one line in commands.ts. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** "[-a|-c cpus] [pid | taskp] ..."; several lines where one would be too long. */
  readonly usage: string;
  readonly options: readonly Option[];
  /** Text of `help NAME` between usage and examples; paragraphs. */
  readonly description: string;
  readonly examples: readonly Example[];
  /**
   * Whether a session that only reads runs it: it writes no file, opens none that the line names, runs no foreign code
   * and asks no network. Not said means no. A function decides by the arguments.
   */
  readonly readsOnly?: true | ((args: Parsed) => boolean);
  /** The rest of the line is one expression: options end at the first word that is none. */
  readonly takesExpression?: boolean;
  /** Its words are text, those that start with a hyphen too. */
  readonly takesText?: boolean;
  /** What its records hold, for docs/json.md. */
  readonly records?: () => readonly Records[];
  /** What it cannot do without: said in one line when it is missing. */
  readonly needs?: readonly ("types" | "tasks" | "memory")[];
  /** @throws UsageError, Fault */
  run(context: Context, args: Parsed): Running;
}

export const command = (declaration: Command): Command => declaration;

/** The built-in commands and those of files that `extend` loaded, by name; the latest of a name counts. */
export function commandsOf({ commands, extensions }: Pick<Context, "commands" | "extensions">): readonly Command[] {
  const all = new Map<string, Command>();
  for (const one of [...(extensions?.loaded.values() ?? [])].flat()) all.set(one.name, one);
  for (const one of commands) all.set(one.name, one);
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Name and arguments; the second and further lines stand below the arguments of the first. */
export const synopsis = ({ name, usage }: Command): readonly string[] =>
  usage.split("\n").map((line, i) => `${i === 0 ? name : indent(name.length)} ${line}`.trimEnd());
