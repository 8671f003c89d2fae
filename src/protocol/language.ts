/** Requests between the language server and the extension. */
import type { CustomRequests } from "./custom.ts";

/** The server opens no dump: it sends questions to the extension, which passes them to the active debug session. */
export interface LanguageRequests {
  /** From the server: a request for the debug session; null if there is none or it refused. */
  "vmcore/ask": { arguments: SessionQuestion; body: unknown };
  /** From the extension: returns a report of a log with file:line after each entry of its call traces. */
  "vmcore/resolvedReport": { arguments: { uri: string; line: number }; body: { text: string } | null };
  /** From the extension: returns the explanation of a report in Markdown. */
  "vmcore/analysis": { arguments: { uri: string; line: number }; body: { title: string; markdown: string } | null };
}

/** Requests that the server can send to a session; none of them changes what the user sees. */
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

/** Files of kernels, for answers without an open dump: the settings `vmcore.*` of package.json with absolute paths. */
export interface FileSettings {
  readonly vmlinux?: string | undefined;
  readonly systemMap?: string | undefined;
  readonly modules?: readonly string[];
  readonly debuginfo?: readonly string[];
  readonly kernelSource?: readonly string[];
  readonly sourceFileMap?: Readonly<Record<string, string>>;
}

/** `initializationOptions`; all are optional. */
export interface InitializationOptions extends FileSettings {
  /** The client implements `LensCommands` and follows `command:` links to them. */
  readonly commands?: boolean;
  /** The workspace is not trusted: nothing in its folders is read before `vmcore/trustGranted`. */
  readonly restricted?: boolean;
}

/** Notifications from the extension. */
export interface LanguageNotifications {
  /** The workspace is now trusted. */
  "vmcore/trustGranted": Record<string, never>;
  /** The settings changed. */
  "vmcore/settingsChanged": FileSettings;
  /** The active debug session changed: answers of the previous one are invalid. */
  "vmcore/sessionChanged": Record<string, never>;
}

/** Commands of code lenses, implemented by the extension. */
export interface LensCommands {
  "vmcore.analyzeReport": [uri: string, line: number];
  "vmcore.resolveReport": [uri: string, line: number];
  "vmcore.goTo": [text: string];
  "vmcore.open": [];
}
