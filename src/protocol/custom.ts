/** Custom requests and events between the debug adapter and the extension. */
import type { MemoryWords } from "./memory.ts";
import type { DebuginfoFacts, DebuginfoTry, NoVmlinux } from "./debuginfo.ts";
import type { Grid } from "./grid.ts";
import type { LaterCommits } from "./laterCommits.ts";
import type { Opcode, Opcodes } from "./opcodes.ts";
import type { VerdictRequests } from "./verdict.ts";

/**
 * Requests beyond DAP, between our adapter and our extension. Types only. Addresses are `0x...` strings; names are
 * those of the kernel's symbol table.
 */
export interface CustomRequests extends VerdictRequests {
  /** Describes the open dump, for the status item and its menu. */
  "vmcore/about": { arguments: Record<string, never>; body: About };
  /** Resolves a piece of text: an address, a symbol, `symbol+0x10`, a C expression. */
  "vmcore/resolve": { arguments: { text: string; frameId?: number | undefined }; body: Resolved };
  /** Returns symbols whose names contain a text; those that begin with it come first. */
  "vmcore/symbols": {
    arguments: { contains: string; limit: number };
    body: { symbols: readonly SymbolHit[]; more: boolean };
  };
  /** Returns where a variable is defined; null if the debuginfo does not have it. */
  "vmcore/declared": { arguments: { name: string }; body: { place: SourcePlace | null } };
  /**
   * Returns the function at an address as a document: a DAP `Source` and the line of the address in it, counted from 1.
   */
  "vmcore/disassembly": { arguments: { address: string }; body: { source: object; line: number } };
  /** Selects a thread, by its id or by the address of its `task_struct`; a `stopped` event follows. */
  "vmcore/select": { arguments: { threadId: number } | { task: string }; body: object };
  /** Returns a source file of a repository or an archive, by the path of its DAP `Source` without scheme. */
  "vmcore/sourceText": { arguments: { address: string }; body: { text: string } };
  /** Returns each file that was tried for the dump's debuginfo, and what to install. */
  "vmcore/debuginfo": { arguments: Record<string, never>; body: DebuginfoFacts };
  /** Whether a file is the dump's vmlinux. */
  "vmcore/tryVmlinux": { arguments: { path: string }; body: DebuginfoTry };
  /** Uses a file, or a file in a directory, for a module; `module` and `invalidated` events follow. */
  "vmcore/loadModule": { arguments: { module: string; path: string }; body: { path: string } };
  /**
   * Downloads missing debuginfo with debuginfod: of the kernel ("vmlinux") and of modules, or of all if none is named.
   * Default servers: those of DEBUGINFOD_URLS. `module` and `invalidated` events follow.
   */
  "vmcore/fetchDebuginfo": {
    arguments: { names: readonly string[]; servers: readonly string[] };
    body: { fetched: readonly string[]; remarks: readonly string[] };
  };
  /** Returns what some threads do, for a list from which the user chooses. */
  "vmcore/threadStates": { arguments: { threadIds: readonly number[] }; body: { threads: readonly ThreadState[] } };
  /** Returns a thread's stack as text for a mail or an issue. */
  "vmcore/stack": { arguments: { threadId: number; format: "text" | "markdown" }; body: { text: string } };
  /** Returns stacks of tasks, by the addresses of their `task_struct`s, in their order. */
  "vmcore/stacks": { arguments: { tasks: readonly string[] }; body: { stacks: readonly TaskStack[] } };
  /** Returns a thread's stack word by word as a document: a DAP `Source`. */
  "vmcore/rawStack": { arguments: { threadId: number }; body: { source: object } };
  /** Writes a report about the dump, in Markdown or as an HTML page. */
  "vmcore/report": { arguments: { format: "markdown" | "html" }; body: { text: string } };
  /**
   * Compares the dump with another one, as Markdown. The files of the other dump are opened for this request only.
   * Default vmlinux: searched for, as for any dump.
   */
  "vmcore/compare": {
    arguments: { vmcore: readonly string[]; vmlinux?: string | undefined };
    body: { text: string };
  };
  /** Runs the lines of a notebook's cell. Settings that they change apply to the cells after it. */
  "vmcore/runCell": { arguments: { lines: string }; body: { text: string; answered: boolean } };
  /** Returns a document in Markdown as a self-contained HTML page. */
  "vmcore/page": { arguments: { markdown: string }; body: { text: string } };
  /** Returns the lines that ran in the console with their outputs, as a notebook in Markdown, and their number. */
  "vmcore/transcript": { arguments: Record<string, never>; body: { text: string; commands: number } };
  /** Runs a tool of language models; `input` is checked by the tool. Returns the answer as text and as JSON. */
  "vmcore/tool": { arguments: { name: string; input: object }; body: { text: string; answer: string } };
  /** Runs a command and returns its records as tables. Settings that it changes apply only to itself. */
  "vmcore/run": { arguments: { line: string }; body: Grid };
  /** Ends the `vmcore/run` of a line, which then answers with the records it has found. */
  "vmcore/stopRun": { arguments: { line: string }; body: Record<string, never> };
  /** Returns messages of the kernel log, the newest first: up to a number, before a position from an earlier answer. */
  "vmcore/kernelLog": { arguments: { count: number; before?: number }; body: LogStretch };
  /** Describes the places that a log names, in their order; null for a place that is not in this dump. */
  "vmcore/describe": {
    arguments: { places: readonly PlaceQuery[] };
    body: { described: readonly (Described | null)[] };
  };
  /** Returns where a source file named in a text is on this machine. */
  "vmcore/sourceFile": { arguments: { file: string }; body: { path: string | undefined } };
  /**
   * Lists the commits after the release of the dump's kernel that change the guilty function. Only when the user asks,
   * because it runs git for up to `seconds`; can be cancelled. Default: 20 seconds.
   */
  "vmcore/fixes": { arguments: { seconds?: number | undefined }; body: LaterCommits };
  /** Ends the last search of `vmcore/fixes`, which then answers with what it has found. */
  "vmcore/stopFixes": { arguments: Record<string, never>; body: Record<string, never> };
  /** Returns the instructions of an oops's `Code:` line. */
  "vmcore/opcodes": { arguments: Opcodes; body: { instructions: readonly Opcode[] } };
  /** Describes an identifier of kernel C; null if this build does not have it. */
  "vmcore/identifier": { arguments: Identifier; body: { text: IdentifierText | null } };
  /** Returns the words of a piece of memory, with what they are part of and what they point at. */
  "vmcore/memory": { arguments: { address: string; count: number }; body: MemoryWords };
  /** "What is this address?": returns each named thing that contains it. */
  "vmcore/identify": { arguments: { text: string; frameId?: number | undefined }; body: Identified };
}

/** Variables of the error of `launch` and `attach` when the vmlinux cannot be used. */
export type RefusedVmlinux = {
  /** The reason: "/tmp/vmlinux is of another kernel, ...". */
  readonly reason: string;
  /** Whether `force` overrides it. */
  readonly canForce: `${boolean}`;
};

export interface About {
  readonly vmcore: readonly string[];
  readonly vmlinux: string | undefined;
  readonly vmlinuxBuildId: string | undefined;
  /** Undefined if there is a vmlinux, or none was searched for. */
  readonly noVmlinux: NoVmlinux | undefined;
  readonly format: string;
  readonly release: string | undefined;
  /** `utsname.nodename`. */
  readonly host: string | undefined;
  readonly machine: string;
  /** First line of the oops, or the panic message; undefined without a panic. */
  readonly title: string | undefined;
  /** Title of the verdict; undefined if the log has no report of a crash and the kernel is not known to have stopped. */
  readonly crash: string | undefined;
  /** Undefined if unknown. */
  readonly panicked: boolean | undefined;
  /** A sentence on why there is no title: there was no panic, or it is unknown. */
  readonly untitled: string | undefined;
  /** The panicking thread, or the thread in which the session stopped. */
  readonly threadId: number;
  /** Names of the sources of types: "BTF", "DWARF". */
  readonly types: readonly string[];
  /** Names of the sources of symbols: "ELF", "kallsyms". */
  readonly symbols: readonly string[];
  /** Whether the vmlinux tells the source lines of the kernel. */
  readonly hasLines: boolean;
  /** Directories searched for sources. */
  readonly sourceRoots: readonly {
    readonly path: string;
    readonly why: string;
    readonly version: string | undefined;
  }[];
  /** Sentences about what is missing. */
  readonly limitations: readonly string[];
}

export interface Resolved {
  readonly address: string;
  readonly symbol: string | undefined;
  readonly code: boolean;
  /** A file on this machine, or the URI of a source in a repository or an archive. */
  readonly path: string | undefined;
  readonly line: number | undefined;
}

/** Consecutive messages of the kernel log, oldest first. */
export interface LogStretch {
  readonly messages: readonly LogMessage[];
  /** Position of the first message: about as many are before it. */
  readonly first: number;
}

/** A message. Members are undefined if the kernel does not store them. */
export interface LogMessage {
  /** Can have several lines. */
  readonly text: string;
  /** Nanoseconds since boot, a decimal string, as in `log --json`. */
  readonly time_ns: string | undefined;
  /** KERN_EMERG 0 to KERN_DEBUG 7 (include/linux/kern_levels.h). */
  readonly level: number | undefined;
  /** Caller: "T169" for a thread, "C1" for a CPU. */
  readonly caller: string | undefined;
  /** The message could not be read; the text is the reason. */
  readonly fault?: true;
}

/** A place named in a log: an address, `symbol+0x10/0x80 [module]`. */
export interface PlaceQuery {
  readonly text: string;
  /** Whether the address is a return address, as in a call trace: its line is that of the call before it. */
  readonly returns: boolean;
  /**
   * A register ("rdi", "x0") and the displacement in bytes that its instruction uses. Default: no member is looked up.
   */
  readonly access?: { readonly register: string; readonly displacement: number };
}

export interface Described {
  readonly address: string;
  readonly symbol: string | undefined;
  readonly code: boolean;
  /** For a data address what it points to, on one line; for code the live patch that replaced its function. */
  readonly what: string | undefined;
  /** Source lines of the code, from the innermost inlined function to the outermost; needs DWARF. */
  readonly places: readonly SourcePlace[];
  /** The member that `access` reaches: "member `next` of `struct list_head` (variable `head`)". */
  readonly member?: string | undefined;
}

export interface SourcePlace {
  /** The function, or the variable defined there. */
  readonly function: string;
  /** Path as the compiler recorded it. */
  readonly file: string;
  readonly line: number;
  /** The file on this machine if it was found, or the URI of a source in a repository or an archive. */
  readonly path: string | undefined;
}

/** A thread in a list from which the user chooses. */
export interface ThreadState {
  readonly threadId: number;
  /** `cat [282]`. */
  readonly name: string;
  /** `blocked 12.1 s`, or `cpu 2 >`. */
  readonly state: string;
  /** The function that shows why the task waits or what it does; undefined if its stack is not readable. */
  readonly function?: string;
}

/** A short form of a task's kernel stack. */
export interface TaskStack {
  readonly task: string;
  /** `schedule+0x5e`; innermost first. */
  readonly frames: readonly string[];
  /**
   * Index of the entry that characterizes the task: after the scheduler, or after the functions that reported a crash.
   */
  readonly at: number;
  /** Why the stack ends early. */
  readonly fault?: string;
}

/** An identifier in a C file, with its context. */
export interface Identifier {
  readonly name: string;
  /** The keyword before it. */
  readonly tag: "struct" | "union" | "enum" | undefined;
  /** The expression that ends with it: `task->mm->pgd`, or only the name. */
  readonly expression: string;
  /** The start of the expression, and the members after it: `task`, and `mm`, `pgd`. */
  readonly root: string;
  readonly members: readonly string[];
  /** The type of `root` declared in the file: `struct task_struct *`. */
  readonly declared: string | undefined;
  readonly frameId: number | undefined;
}

export interface IdentifierText {
  /** Lines of C. */
  readonly code: readonly string[];
  /** Sentences and figures. */
  readonly notes: readonly string[];
}

/** What contains an address, the most specific first. */
export interface Identified {
  readonly address: string;
  readonly containers: readonly IdentifiedContainer[];
}

export interface IdentifiedContainer {
  /** Kind: "slab object", "task stack", "page". */
  readonly kind: string;
  readonly facts: readonly IdentifiedFact[];
}

export interface IdentifiedFact {
  readonly name: string;
  readonly text: string;
  /** Target of the fact: an address, or a symbol name. */
  readonly link?: string;
  /** C expression of a struct as which the fact can be opened. */
  readonly object?: string;
}

export interface SymbolHit {
  readonly name: string;
  readonly address: string;
  /** Type letter of nm: "T", "d". */
  readonly type: string;
  readonly module: string | undefined;
}

/** Custom events. */
export interface CustomEvents {
  /** A line for the adapter's log: a slow step, the stack of an internal error. */
  "vmcore/log": { readonly level: "info" | "error"; readonly text: string };
  /** A question to the user. The adapter waits for its answer, `vmcore/answer`. */
  "vmcore/ask": { readonly id: number; readonly question: string };
}
