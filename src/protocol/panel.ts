/** Messages between the extension and the pages of the Crash Dump panel. */
import type { Described, Identified, LogStretch, PlaceQuery, TaskStack } from "./custom.ts";
import type { MemoryWords } from "./memory.ts";
import type { NoVmlinux } from "./debuginfo.ts";
import type { LaterCommits } from "./laterCommits.ts";
import type { Opcode, Opcodes } from "./opcodes.ts";
import type { Grid } from "./grid.ts";
import type { VerdictRequests, VerdictSource, VerdictState } from "./verdict.ts";

/** One page of the Crash Dump panel. */
export interface Page {
  readonly id: string;
  readonly title: string;
  /** The command whose records it shows; for an object its C expression. */
  readonly line: string;
  /** Columns to show first, in this order; the others follow in the order of the records. */
  readonly lead?: readonly string[];
  /** A column whose cells are links; `$` in `target` is replaced by the cell. */
  readonly opens?: { readonly column: string; readonly kind: LinkKind; readonly target: string };
  /**
   * The column whose text is wrapped and not cut; only the columns of `lead` are shown. For tables of a few hundred rows
   * at most: all of them are in the document.
   */
  readonly wraps?: string;
  /** The last column, if its text is not cut: the table is then as wide as its longest text. */
  readonly whole?: string;
  /** Drop-down lists that limit the rows: each has the values of one column, or of columns that belong together. */
  readonly choices?: readonly (readonly string[])[];
  /** Whether the table is first shown at its end, because its last rows matter most. */
  readonly fromEnd?: boolean;
  /** How the rows are sorted at first. Default: in the order of the kernel. */
  readonly order?: { readonly column: string; readonly descending: boolean };
  /** How the page is drawn. */
  readonly kind: "bytes" | "grid" | "log" | "memory" | "object" | "tasks" | "verdict" | "waits";
}

/** The debug session of a page. */
export interface PanelSession {
  readonly id: string;
  /** File name of the dump with its folder. */
  readonly name: string;
  readonly release: string | undefined;
  /** Title of the verdict. Absent if the log reports no crash. */
  readonly crash?: string | undefined;
  /** Paths of the dump's files. */
  readonly dump: readonly string[];
}

/**
 * Target of a link: an address or a symbol, an address on the page of memory, a task, `file:line`, a module, a command's
 * rows, a C expression, a frame (addresses of the task and of the code), an instruction, a line of the log (counted from
 * its end, the last is 1), a command for the Debug Console.
 */
export type LinkKind =
  "place" | "memory" | "task" | "source" | "module" | "table" | "object" | "frame" | "instruction" | "log" | "command";

/** A row of the Variables view. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly type: string | undefined;
  /** Number for requests of its children; 0 if there are none. */
  readonly reference: number;
  /** Address of its value, otherwise its own address. */
  readonly address: string | undefined;
}

/** Requests of a page to the extension. */
export interface PageRequests {
  run: { arguments: { line: string }; body: Grid };
  /** Ends the command, whose request then answers with the rows so far. */
  stopRun: { arguments: { line: string }; body: Record<string, never> };
  log: { arguments: { count: number; before?: number }; body: LogStretch };
  verdict: { arguments: VerdictRequests["vmcore/verdict"]["arguments"]; body: VerdictState };
  verdictSource: { arguments: Record<string, never>; body: { source: VerdictSource | null } };
  verdictText: { arguments: { section?: string | undefined }; body: { text: string } };
  /** Returns what the session lacks without a vmlinux; null if it has one. */
  noVmlinux: { arguments: Record<string, never>; body: { notice: NoVmlinux | null } };
  /** Lets the user choose a vmlinux, or fetches missing debuginfo after a question. */
  getVmlinux: { arguments: { how: "choose" | "fetch" }; body: void };
  /** Lists the commits after the release that change the guilty function: runs git for up to `seconds`. */
  fixes: { arguments: { seconds?: number | undefined }; body: LaterCommits };
  /** Ends the search, which then answers with what it has found. */
  stopFixes: { arguments: Record<string, never>; body: Record<string, never> };
  identify: { arguments: { text: string }; body: Identified };
  /** Returns the words of a piece of memory: at an address, a symbol or an expression. */
  words: { arguments: { address: string; count: number }; body: MemoryWords };
  /** Returns the text of an editor hover. */
  explain: { arguments: { text: string; kind: LinkKind }; body: { text: string } };
  stacks: { arguments: { tasks: readonly string[] }; body: { stacks: readonly TaskStack[] } };
  describe: { arguments: { places: readonly PlaceQuery[] }; body: { described: readonly (Described | null)[] } };
  opcodes: { arguments: Opcodes; body: { instructions: readonly Opcode[] } };
  goTo: { arguments: { text: string }; body: void };
  /** `fs/inode.c:12`. */
  openSource: { arguments: { text: string }; body: void };
  evaluate: { arguments: { expression: string }; body: Variable };
  members: { arguments: { reference: number }; body: { variables: readonly Variable[] } };
  /** Opens an object by its expression, or the slab object at an address: in front, or beside the editor in front. */
  openObject: { arguments: { text: string; beside?: boolean }; body: void };
  /** Opens a page of the panel in an editor tab. */
  openPage: { arguments: { page: string }; body: void };
  /** Opens a command's rows in an editor tab. */
  openTable: { arguments: { line: string }; body: void };
  /** Selects a task and shows the code of its frame: addresses of the task and of the code. */
  goToFrame: { arguments: { task: string; pc: string }; body: void };
  /** Shows the memory at an address. */
  viewMemory: { arguments: { address: string }; body: void };
  /** Shows the instructions at an address. */
  disassemble: { arguments: { address: string }; body: void };
  /** Runs a command in the Debug Console and shows that. */
  runInConsole: { arguments: { line: string }; body: void };
  /** Selects a task by the address of its `task_struct`, or by PID. */
  selectTask: { arguments: { task: string }; body: void };
  /** Chooses a page from a list of all. */
  choosePage: { arguments: Record<string, never>; body: void };
  /** Shows the Debug Symbols view. */
  showDebugSymbols: { arguments: Record<string, never>; body: void };
  openDump: { arguments: { sample: boolean }; body: void };
  /** Opens a dump again with its previous settings. */
  reopen: { arguments: { dump: readonly string[] }; body: void };
  copy: { arguments: { text: string }; body: void };
  openDocument: { arguments: { text: string; language: string }; body: void };
  save: { arguments: { text: string; name: string }; body: void };
}

/** Buttons of the view's title, which the page handles because it has the text. */
export type PageAction = "copy" | "openDocument" | "save" | "find";

/** A button of the view's title that opens the page in an editor; the panel knows which page is visible. */
export type PanelAction = PageAction | "openEditor";

export type FromPage =
  | { readonly kind: "ready" }
  /** Whether the page has the keyboard focus. */
  | { readonly kind: "focus"; readonly has: boolean }
  /** State that the page wants back after a reload of the window, by topic. */
  | { readonly kind: "remember"; readonly state: object }
  | {
      readonly kind: "ask";
      readonly id: number;
      /** Session that the request is for, so that an answer of another session is never shown. */
      readonly session: string | undefined;
      readonly request: keyof PageRequests;
      readonly args: PageRequests[keyof PageRequests]["arguments"];
    };

export type ToPage =
  | {
      readonly kind: "session";
      readonly session: PanelSession | undefined;
      /** The session that a page was opened from has ended. */
      readonly closed: PanelSession | undefined;
      /** Ids of all sessions with an open dump. */
      readonly open: readonly string[];
      readonly pages: readonly Page[];
    }
  | { readonly kind: "show"; readonly page: string }
  /** Debuginfo has arrived in a session: what its pages say may be outdated. */
  | { readonly kind: "outdated"; readonly session: string }
  | { readonly kind: "do"; readonly action: PanelAction }
  | { readonly kind: "answer"; readonly id: number; readonly body: unknown }
  | { readonly kind: "refusal"; readonly id: number; readonly message: string };
