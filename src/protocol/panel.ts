import type { Described, Identified, LogStretch, Place, TaskStack } from "./custom.ts";
import type { Opcode, Opcodes } from "./opcodes.ts";
import type { Grid } from "./grid.ts";

/** One page of the Crash Dump panel. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  /** The command line whose records it shows; of an object the C expression. */
  readonly line: string;
  /** Columns that come first, in this order; the others follow as the records have them. */
  readonly lead?: readonly string[];
  /** A column whose cells lead on; `$` in `target` stands for the cell. */
  readonly opens?: { readonly column: string; readonly kind: LinkKind; readonly target: string };
  /** How it shows them. */
  readonly page: "grid" | "log" | "memory" | "object" | "tasks" | "waits";
}

/** The debug session that a page looks into. */
export interface PanelSession {
  readonly id: string;
  /** The dump's file name, with its folder. */
  readonly name: string;
  readonly release: string | undefined;
  /** Paths of the dump's files. */
  readonly dump: readonly string[];
}

/** What a link leads to: an address or a symbol, a task, `file:line`, a module, a command's rows, a C expression. */
export type LinkKind = "place" | "task" | "source" | "module" | "table" | "object";

/** A row of the Variables view. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly type: string | undefined;
  /** Number under which what is within can be asked for; 0 for what has nothing within. */
  readonly reference: number;
  /** What its value, or else it itself, lies at. */
  readonly address: string | undefined;
}

/** What a page may ask of the extension. */
export interface PageRequests {
  run: { arguments: { line: string }; body: Grid };
  log: { arguments: { count: number; before?: number }; body: LogStretch };
  identify: { arguments: { text: string }; body: Identified };
  /** What a hover in the editor would say. */
  explain: { arguments: { text: string; kind: LinkKind }; body: { text: string } };
  stacks: { arguments: { tasks: readonly string[] }; body: { stacks: readonly TaskStack[] } };
  describe: { arguments: { places: readonly Place[] }; body: { described: readonly (Described | null)[] } };
  opcodes: { arguments: Opcodes; body: { instructions: readonly Opcode[] } };
  goTo: { arguments: { text: string }; body: void };
  /** `fs/inode.c:12`. */
  openSource: { arguments: { text: string }; body: void };
  evaluate: { arguments: { expression: string }; body: Variable };
  members: { arguments: { reference: number }; body: { variables: readonly Variable[] } };
  /** An object by its expression, or what the slab object at an address is. */
  openObject: { arguments: { text: string }; body: void };
  /** A command's rows in an editor of their own. */
  openTable: { arguments: { line: string }; body: void };
  /** By the address of its `task_struct`, or by pid. */
  selectTask: { arguments: { task: string }; body: void };
  /** The page to show, out of a list of all. */
  choosePage: { arguments: Record<string, never>; body: void };
  /** The view that says what debuginfo was found, and gets what was not. */
  showDebugSymbols: { arguments: Record<string, never>; body: void };
  openDump: { arguments: { sample: boolean }; body: void };
  /** A dump that was open before, as it was opened then. */
  reopen: { arguments: { dump: readonly string[] }; body: void };
  copy: { arguments: { text: string }; body: void };
  openDocument: { arguments: { text: string; language: string }; body: void };
  save: { arguments: { text: string; name: string }; body: void };
}

/** A button of the view's title: the page knows the text that it is about. */
export type PageAction = "copy" | "openDocument" | "save" | "find";

export type FromPage =
  | { readonly kind: "ready" }
  /** The keyboard is the page's from now on, or no longer. */
  | { readonly kind: "focus"; readonly has: boolean }
  /** What the page wants to know again after a reload of the window, by topic. */
  | { readonly kind: "remember"; readonly state: object }
  | {
      readonly kind: "ask";
      readonly id: number;
      /** Of the session that is asked; a page is told what another session says by no mistake. */
      readonly session: string | undefined;
      readonly request: keyof PageRequests;
      readonly args: PageRequests[keyof PageRequests]["arguments"];
    };

export type ToPage =
  | {
      readonly kind: "session";
      readonly session: PanelSession | undefined;
      /** The session that a page was opened from, once it has ended. */
      readonly closed: PanelSession | undefined;
      /** Ids of all sessions whose dump is open. */
      readonly open: readonly string[];
      readonly panels: readonly Panel[];
    }
  | { readonly kind: "show"; readonly panel: string }
  | { readonly kind: "do"; readonly action: PageAction }
  | { readonly kind: "answer"; readonly id: number; readonly body: unknown }
  | { readonly kind: "refusal"; readonly id: number; readonly message: string };
