import type { CustomRequests } from "./custom.ts";

/**
 * Between the language server and the extension that started it. The server opens no dump: it asks the extension,
 * which asks the debug session in front.
 */
export interface LanguageRequests {
  /** From the server: a request for the debug session; null when none is open or it refused. */
  "vmcore/ask": { arguments: SessionQuestion; body: unknown };
  /** From the extension: a report of a log with file:line behind each entry of its call traces. */
  "vmcore/resolvedReport": { arguments: { uri: string; line: number }; body: { text: string } | null };
  /** From the extension: what a report of a log says, explained, in Markdown. */
  "vmcore/analysis": { arguments: { uri: string; line: number }; body: { title: string; markdown: string } | null };
}

/** What the server asks of a session; nothing that changes what the user sees. */
export type Askable =
  | "vmcore/about"
  | "vmcore/declared"
  | "vmcore/describe"
  | "vmcore/identify"
  | "vmcore/run"
  | "vmcore/sourceFile"
  | "vmcore/symbols";

export interface SessionQuestion {
  readonly request: Askable;
  readonly arguments: CustomRequests[Askable]["arguments"];
}

/**
 * Where the files of kernels lie, for answers while no dump is open: settings `vmcore.*` as package.json documents
 * them, with absolute paths.
 */
export interface FileSettings {
  readonly vmlinux?: string | undefined;
  readonly systemMap?: string | undefined;
  readonly modules?: readonly string[];
  readonly debuginfo?: readonly string[];
  readonly kernelSource?: readonly string[];
  readonly sourceFileMap?: Readonly<Record<string, string>>;
}

/** `initializationOptions`; all may be left out. */
export interface InitializationOptions extends FileSettings {
  /** The client serves `LensCommands` and follows `command:` links to them. */
  readonly commands?: boolean;
  /** The user does not trust the workspace: nothing in its folders is read before `vmcore/trustGranted`. */
  readonly restricted?: boolean;
}

/** Notifications from the extension. */
export interface LanguageNotifications {
  /** The workspace is trusted from now on. */
  "vmcore/trustGranted": Record<string, never>;
  /** The settings changed. */
  "vmcore/settingsChanged": FileSettings;
  /** Another debug session is in front, or none: what a session said holds no more. */
  "vmcore/sessionChanged": Record<string, never>;
}

/** Commands that code lenses name; the extension serves them. */
export interface LensCommands {
  "vmcore.analyzeReport": [uri: string, line: number];
  "vmcore.resolveReport": [uri: string, line: number];
  "vmcore.goTo": [text: string];
  "vmcore.open": [];
}
