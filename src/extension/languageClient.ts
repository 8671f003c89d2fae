/** Starts the language server for kernel logs when one is opened. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { LanguageNotifications, LanguageRequests } from "../protocol/language.ts";
import { fileSettings } from "./configuration.ts";
import { showMarkdown } from "./documents/markdownDocument.ts";
import { TYPE } from "./session.ts";

const LANGUAGES = ["kernel-log", "crash-transcript"];

/**
 * The documents that the language server serves. A report in an untitled document of another language is served too.
 */
const SERVED = [...LANGUAGES.map((language) => ({ language })), { scheme: "untitled" }];

/** Lines that only occur in a report of a kernel. */
const REPORT =
  /^.{0,80}(?:Call [Tt]race:|RIP: 00\d\d:\w|Krnl PSW : |NIP \[[0-9a-f]|PC is at \w|---\[ end (?:trace|Kernel)|-+\[ cut here \])/m;

/** Whether the language server describes the words of a document. */
export const isServed = (document: vscode.TextDocument): boolean => vscode.languages.match([...SERVED], document) > 0;

const isLog = ({ languageId }: vscode.TextDocument): boolean => LANGUAGES.includes(languageId);

/**
 * Returns the document and line for "Analyze" when no code lens passes them; both are undefined if the editor has no
 * log.
 */
function reportAtCursor(): [uri: string | undefined, line: number | undefined] {
  const editor = vscode.window.activeTextEditor;
  return editor && isServed(editor.document)
    ? [editor.document.uri.toString(), editor.selection.active.line]
    : [undefined, undefined];
}

/** Whether an untitled document contains a report. */
const hasReport = (document: vscode.TextDocument): boolean => document.isUntitled && REPORT.test(document.getText());

/**
 * Registers the language server. It is loaded when the first log, report or dump is opened. Of other documents only
 * untitled ones are searched for a report, whole when they are opened and later only what is inserted, because this
 * code runs in every window with a text file.
 */
export const languageClient = (context: vscode.ExtensionContext): vscode.Disposable[] => {
  let started: Promise<LanguageClient> | undefined;
  /** Documents that were switched to the log language. */
  const changed = new Set<string>();
  const start = (): Promise<LanguageClient> =>
    (started ??= import("./languageServer.ts").then(({ startServer }) => startServer(context, [...SERVED])));
  const startFor = (document: vscode.TextDocument): void => {
    if (isLog(document)) void start();
    else if (hasReport(document)) becomeLog(document);
  };
  /**
   * Switches an untitled plain-text document to a kernel log, at most once, so that the user can undo it. Other
   * languages are kept.
   */
  const becomeLog = (document: vscode.TextDocument): void => {
    const uri = document.uri.toString();
    if (document.languageId !== "plaintext" || changed.has(uri)) return void start();
    changed.add(uri);
    void vscode.languages.setTextDocumentLanguage(document, "kernel-log");
  };
  vscode.workspace.textDocuments.forEach(startFor);
  return [
    { dispose: () => void started?.then((client) => client.dispose()) },
    vscode.workspace.onDidOpenTextDocument(startFor),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (!document.isUntitled || isLog(document)) return;
      if (contentChanges.some(({ text }) => REPORT.test(text))) becomeLog(document);
    }),
    ...notifications(start, () => started),
    ...reportCommands(context, start),
  ];
};

/**
 * Tells the server about changes of settings, trust and debug sessions. @param running the server's client if it was
 * started
 */
function notifications(
  start: () => Promise<LanguageClient>,
  running: () => Promise<LanguageClient> | undefined,
): vscode.Disposable[] {
  const notify = async <Name extends keyof LanguageNotifications>(
    name: Name,
    parameters: LanguageNotifications[Name],
  ): Promise<void> => {
    await (await running())?.sendNotification(name, parameters);
  };
  const sessionChanged = (): Promise<void> => notify("vmcore/sessionChanged", {});
  return [
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration(TYPE)) await notify("vmcore/settingsChanged", fileSettings());
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(async () => {
      await notify("vmcore/trustGranted", {});
      // The workspace's settings apply once it is trusted.
      await notify("vmcore/settingsChanged", fileSettings());
    }),
    vscode.debug.onDidChangeActiveDebugSession(() => void sessionChanged()),
    vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
      createDebugAdapterTracker: () => ({
        // A session answers no request before its first stop.
        onDidSendMessage(message: { event?: string }) {
          if (message.event === "stopped" || message.event === "invalidated") void start().then(sessionChanged);
        },
      }),
    }),
  ];
}

/** Registers the commands of the code lenses over reports. */
function reportCommands(context: vscode.ExtensionContext, start: () => Promise<LanguageClient>): vscode.Disposable[] {
  const reportOf = async <Name extends "vmcore/resolvedReport" | "vmcore/analysis">(
    request: Name,
    uri: unknown,
    line: unknown,
  ): Promise<LanguageRequests[Name]["body"]> => {
    if (typeof uri !== "string" || typeof line !== "number") return null;
    return (await start()).sendRequest<LanguageRequests[Name]["body"]>(request, { uri, line });
  };
  return [
    vscode.commands.registerCommand("vmcore.resolveReport", async (uri?: unknown, line?: unknown) => {
      const report = await reportOf("vmcore/resolvedReport", uri, line);
      if (!report) return;
      const document = await vscode.workspace.openTextDocument({ language: "kernel-log", content: report.text });
      await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.Beside });
    }),
    vscode.commands.registerCommand("vmcore.analyzeReport", async (uri?: unknown, line?: unknown) => {
      const [document, at] = uri === undefined ? reportAtCursor() : [uri, line];
      const report = await reportOf("vmcore/analysis", document, at);
      if (report) await showMarkdown(context, report.title, report.markdown);
      else
        void vscode.window.showInformationMessage(
          vscode.l10n.t("Place the cursor inside an oops, warning or lockup report of a kernel log first."),
        );
    }),
  ];
}
