import type { Grid } from "./grid.ts";
import type { Opcode, Opcodes } from "./opcodes.ts";

/**
 * Requests beyond DAP, between our own adapter and our own extension. Types only.
 * Addresses are `0x...` strings; names are those of the kernel's symbol table.
 */
export interface CustomRequests {
  /** What is open, for the status item and its menu. */
  "vmcore/about": { arguments: Record<string, never>; body: About };
  /** What a piece of text stands for: an address, a symbol, `symbol+0x10`, a C expression. */
  "vmcore/resolve": { arguments: { text: string; frameId?: number | undefined }; body: Resolved };
  /** Symbols whose names contain a text, the ones that begin with it first. */
  "vmcore/symbols": {
    arguments: { contains: string; limit: number };
    body: { symbols: readonly SymbolHit[]; more: boolean };
  };
  /** Where a variable is defined; null where the debuginfo does not tell. */
  "vmcore/declared": { arguments: { name: string }; body: { place: SourcePlace | null } };
  /** The function at an address as a document: a DAP `Source` and the line (from 1) of the address in it. */
  "vmcore/disassembly": { arguments: { address: string }; body: { source: object; line: number } };
  /** Makes a thread the selected one, by a `stopped` event of its own; the thread may be named by its `task_struct`. */
  "vmcore/select": { arguments: { threadId: number } | { task: string }; body: object };
  /** A source out of a repository or an archive, by the address that a DAP `Source` has for its path, without its scheme. */
  "vmcore/sourceText": { arguments: { address: string }; body: { text: string } };
  /** Every file that was tried for the dump's debuginfo, and what to install. */
  "vmcore/debuginfo": { arguments: Record<string, never>; body: DebuginfoFacts };
  /** Whether a file is the dump's vmlinux. */
  "vmcore/tryVmlinux": { arguments: { path: string }; body: DebuginfoTry };
  /** Uses a file, or what is found in a directory, for a module; `module` and `invalidated` events follow. */
  "vmcore/loadModule": { arguments: { module: string; path: string }; body: { path: string } };
  /**
   * Fetches missing debuginfo by debuginfod: of the kernel ("vmlinux") and of modules, all when none is named; from the
   * servers of DEBUGINFOD_URLS when none are given. `module` and `invalidated` events follow.
   */
  "vmcore/fetchDebuginfo": {
    arguments: { names: readonly string[]; servers: readonly string[] };
    body: { fetched: readonly string[]; remarks: readonly string[] };
  };
  /** A thread's stack as text, as a person would paste it into a mail or an issue. */
  "vmcore/stack": { arguments: { threadId: number; format: "text" | "markdown" }; body: { text: string } };
  /** Stacks of tasks, by the addresses of their `task_struct`s, in their order. */
  "vmcore/stacks": { arguments: { tasks: readonly string[] }; body: { stacks: readonly TaskStack[] } };
  /** A thread's stack word by word as a document: a DAP `Source`. */
  "vmcore/rawStack": { arguments: { threadId: number }; body: { source: object } };
  /** A command line of crash's language, its records as tables. What it sets holds for itself alone. */
  "vmcore/run": { arguments: { line: string }; body: Grid };
  /** The kernel log from its newest end: up to so many messages, those in front of a position that an answer gave. */
  "vmcore/kernelLog": { arguments: { count: number; before?: number }; body: LogStretch };
  /** What the places that a log names stand for, in their order; null for what names nothing in this dump. */
  "vmcore/describe": { arguments: { places: readonly Place[] }; body: { described: readonly (Described | null)[] } };
  /** Where a source file that a text names lies on this machine. */
  "vmcore/sourceFile": { arguments: { file: string }; body: { path: string | undefined } };
  /** The instructions of an oops's `Code:` line. */
  "vmcore/opcodes": { arguments: Opcodes; body: { instructions: readonly Opcode[] } };
  /** What an identifier in the kernel's C is; null for what this build does not know. */
  "vmcore/identifier": { arguments: Identifier; body: { text: IdentifierText | null } };
  /** "What is this address?": everything around it that the kernel has a name for. */
  "vmcore/identify": { arguments: { text: string; frameId?: number | undefined }; body: Identified };
}

/** Variables of the error that `launch` and `attach` answer with when it is the vmlinux that cannot be used. */
export type RefusedVmlinux = {
  /** What is wrong with it: "/tmp/vmlinux is of another kernel, ...". */
  readonly said: string;
  /** Whether `force` makes it used. */
  readonly canForce: `${boolean}`;
};

export interface About {
  readonly vmcore: readonly string[];
  readonly vmlinux: string | undefined;
  readonly vmlinuxBuildId: string | undefined;
  readonly format: string;
  readonly release: string | undefined;
  /** `utsname.nodename`. */
  readonly host: string | undefined;
  readonly machine: string;
  /** First line of the oops, or the panic message; undefined without a panic. */
  readonly title: string | undefined;
  /** Undefined where it cannot be told. */
  readonly panicked: boolean | undefined;
  /** Why there is no title: there was no panic, or that cannot be told; a sentence. */
  readonly untitled: string | undefined;
  /** The panicking thread, or the one that the session stopped in. */
  readonly threadId: number;
  /** Where types, symbols and lines come from: "BTF", "DWARF"... */
  readonly types: readonly string[];
  readonly symbols: readonly string[];
  readonly lines: boolean;
  /** Directories that sources were looked for in. */
  readonly sourceRoots: readonly {
    readonly path: string;
    readonly why: string;
    readonly version: string | undefined;
  }[];
  /** What is missing, in sentences. */
  readonly lacking: readonly string[];
}

/** What became of one file that was looked for. */
export interface DebuginfoTry {
  readonly path: string;
  readonly outcome: "taken" | "refused" | "absent";
  readonly buildId: string | undefined;
  /** To be put behind the path: "is of another build: ...". */
  readonly why: string;
}

export interface DebuginfoFacts {
  readonly release: string | undefined;
  readonly buildId: string | undefined;
  readonly vmlinux: string | undefined;
  readonly tries: readonly DebuginfoTry[];
  /** Files with symbols alone, looked at when neither a vmlinux nor the dump has any. */
  readonly mapTries: readonly DebuginfoTry[];
  readonly modules: readonly {
    readonly name: string;
    readonly buildId: string | undefined;
    readonly path: string | undefined;
    /** Built outside the kernel's tree: no package of the distribution has its debuginfo. */
    readonly outOfTree: boolean;
    readonly tries: readonly DebuginfoTry[];
  }[];
  /** Why the modules could not be listed. */
  readonly noModules: string | undefined;
  readonly advice: {
    readonly distribution: string | undefined;
    /** Sentences and commands. */
    readonly steps: readonly string[];
    /** The distribution's debuginfod server. */
    readonly debuginfod: string | undefined;
  };
  /** What the user should know of the sources. */
  readonly sources: string | undefined;
}

export interface Resolved {
  readonly address: string;
  readonly symbol: string | undefined;
  readonly code: boolean;
  /** A file on this machine, or the address of a source in a repository or an archive. */
  readonly path: string | undefined;
  readonly line: number | undefined;
}

/** Neighbours in the kernel log, the oldest first. */
export interface LogStretch {
  readonly messages: readonly LogMessage[];
  /** Position of the first: about as many are in front of it. */
  readonly first: number;
}

/** Members are undefined where the kernel keeps none. */
export interface LogMessage {
  /** May hold several lines. */
  readonly text: string;
  /** Since boot. */
  readonly seconds: number | undefined;
  /** KERN_EMERG 0 to KERN_DEBUG 7 (include/linux/kern_levels.h). */
  readonly level: number | undefined;
  /** "T169" for a thread, "C1" for a CPU. */
  readonly caller: string | undefined;
  /** The text says why there is none. */
  readonly fault?: true;
}

/** A piece of a log: an address, `symbol+0x10/0x80 [module]`. */
export interface Place {
  readonly text: string;
  /** It is a return address, as those of a call trace: its line is that of the call before it. */
  readonly returns: boolean;
  /** A register ("rdi", "x0") and the bytes behind it that its instruction uses. Default: no member is asked for. */
  readonly access?: { readonly register: string; readonly displacement: number };
}

export interface Described {
  readonly address: string;
  readonly symbol: string | undefined;
  readonly code: boolean;
  /** What an address of data points at, in a line; of code, what a live patch made of its function. */
  readonly what: string | undefined;
  /** Where its code was written, from the innermost inlined function to the one that holds it; needs DWARF. */
  readonly places: readonly SourcePlace[];
  /** The member that the place's `access` reaches: "member `next` of `struct list_head` (variable `head`)". */
  readonly member?: string | undefined;
}

export interface SourcePlace {
  /** Or the variable that is defined there. */
  readonly function: string;
  /** As the compiler recorded it. */
  readonly file: string;
  readonly line: number;
  /** The file on this machine, where it was found, or the address of a source in a repository or an archive. */
  readonly path: string | undefined;
}

/** A task's kernel stack in short. */
export interface TaskStack {
  readonly task: string;
  /** `schedule+0x5e`, innermost first. */
  readonly frames: readonly string[];
  /** Which of them tells what the task is about: behind the scheduler, or behind what reported a crash. */
  readonly at: number;
  /** Why there are no more. */
  readonly fault?: string;
}

/** An identifier in a C file, with what its surroundings tell. */
export interface Identifier {
  readonly name: string;
  /** The keyword in front of it. */
  readonly tag: "struct" | "union" | "enum" | undefined;
  /** The expression that ends with it: `task->mm->pgd`, or the name alone. */
  readonly expression: string;
  /** What the expression begins with, and the members behind it: `task`, and `mm`, `pgd`. */
  readonly root: string;
  readonly members: readonly string[];
  /** The type that the file declares `root` with: `struct task_struct *`. */
  readonly declared: string | undefined;
  readonly frameId: number | undefined;
}

export interface IdentifierText {
  /** Lines of C. */
  readonly code: readonly string[];
  /** Sentences and figures. */
  readonly notes: readonly string[];
}

/** What holds an address, from the most to the least particular. */
export interface Identified {
  readonly address: string;
  readonly containers: readonly IdentifiedContainer[];
}

export interface IdentifiedContainer {
  /** "slab object", "task stack", "page"... */
  readonly kind: string;
  readonly facts: readonly IdentifiedFact[];
}

export interface IdentifiedFact {
  readonly name: string;
  readonly text: string;
  /** Where the fact leads: an address, or a name of the symbol table. */
  readonly link?: string;
  /** The C expression of a struct that the fact can be opened as. */
  readonly object?: string;
}

export interface SymbolHit {
  readonly name: string;
  readonly address: string;
  /** As nm prints it: "T", "d"... */
  readonly type: string;
  readonly module: string | undefined;
}

/** Events of our own. */
export interface CustomEvents {
  /** A line for the adapter's log: a slow step, a bug's stack. */
  "vmcore/log": { readonly level: "info" | "error"; readonly text: string };
  /** A question to the user whose answer, `vmcore/answer`, the adapter waits for. */
  "vmcore/ask": { readonly id: number; readonly question: string };
}

/** What `adapter --facts FILE...` prints: one JSON line for the dump editor. */
export type DumpFacts =
  | {
      readonly ok: true;
      /** What the dump lacks of what was to be in it, in a sentence. */
      readonly missing: string | undefined;
      readonly facts: readonly { readonly name: string; readonly value: string }[];
      readonly lacking: readonly string[];
      readonly log: readonly string[];
    }
  | {
      readonly ok: false;
      readonly message: string;
      /** It is a file of text, such as a log with a name like a dump's. */
      readonly isText: boolean;
    };
