import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { LanguageNotifications, LanguageRequests } from "../protocol/language.ts";
import { fileSettings } from "./configuration.ts";
import { showMarkdown } from "./documents/markdownDocument.ts";
import { TYPE } from "./session.ts";

const LANGUAGES = ["kernel-log", "crash-transcript"];

/** What the language server serves; a report in an untitled document of another language is one as well. */
const SERVED = [...LANGUAGES.map((language) => ({ language })), { scheme: "untitled" }];

/** Lines that stand in a report of the kernel and in no other text. */
const REPORT =
  /^.{0,80}(?:Call [Tt]race:|RIP: 00\d\d:\w|Krnl PSW : |NIP \[[0-9a-f]|PC is at \w|---\[ end (?:trace|Kernel)|-+\[ cut here \])/m;

/** Whether the language server says what the words of a document are. */
export const isServed = (document: vscode.TextDocument): boolean => vscode.languages.match([...SERVED], document) > 0;

const isLog = ({ languageId }: vscode.TextDocument): boolean => LANGUAGES.includes(languageId);

/** The place that "Analyze" is about when no lens says. */
function reportAtCursor(): [uri: string | undefined, line: number | undefined] {
  const editor = vscode.window.activeTextEditor;
  return editor && isServed(editor.document)
    ? [editor.document.uri.toString(), editor.selection.active.line]
    : [undefined, undefined];
}

/** Whether a document has no language that says so, but a report in it. */
const hasReport = (document: vscode.TextDocument): boolean => document.isUntitled && REPORT.test(document.getText());

/**
 * The language server: starts with the first log, report or dump. Until then nothing of it is loaded, and text is only
 * looked at where it is pasted: every window with a text file in it passes here.
 */
export const languageClient = (context: vscode.ExtensionContext): vscode.Disposable[] => {
  let started: Promise<LanguageClient> | undefined;
  /** Documents that we made a log of. */
  const changed = new Set<string>();
  const start = (): Promise<LanguageClient> =>
    (started ??= import("./languageServer.ts").then(({ startServer }) => startServer(context, [...SERVED])));
  const startFor = (document: vscode.TextDocument): void => {
    if (isLog(document)) void start();
    else if (hasReport(document)) becomeLog(document);
  };
  /** A text of no language becomes a log, once: whoever changes it back means it. What has a language keeps it. */
  const becomeLog = (document: vscode.TextDocument): void => {
    const uri = document.uri.toString();
    if (document.languageId !== "plaintext" || changed.has(uri)) return void start();
    changed.add(uri);
    void vscode.languages.setTextDocumentLanguage(document, "kernel-log");
  };
  const sessionChanged = async (): Promise<void> => {
    const nothing: LanguageNotifications["vmcore/sessionChanged"] = {};
    await (await started)?.sendNotification("vmcore/sessionChanged", nothing);
  };
  const reportOf = async <Name extends "vmcore/resolvedReport" | "vmcore/analysis">(
    request: Name,
    uri: unknown,
    line: unknown,
  ): Promise<LanguageRequests[Name]["body"]> => {
    if (typeof uri !== "string" || typeof line !== "number") return null;
    return (await start()).sendRequest<LanguageRequests[Name]["body"]>(request, { uri, line });
  };
  vscode.workspace.textDocuments.forEach(startFor);
  return [
    { dispose: () => void started?.then((client) => client.dispose()) },
    vscode.workspace.onDidOpenTextDocument(startFor),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (!document.isUntitled || isLog(document)) return;
      if (contentChanges.some(({ text }) => REPORT.test(text))) becomeLog(document);
    }),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration(TYPE))
        await (await started)?.sendNotification("vmcore/settingsChanged", fileSettings());
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(async () => {
      const nothing: LanguageNotifications["vmcore/trustGranted"] = {};
      const client = await started;
      await client?.sendNotification("vmcore/trustGranted", nothing);
      // Settings of the workspace hold from now on.
      await client?.sendNotification("vmcore/settingsChanged", fileSettings());
    }),
    vscode.debug.onDidChangeActiveDebugSession(() => void sessionChanged()),
    vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
      createDebugAdapterTracker: () => ({
        // An opening dump answers nothing before its first stop.
        onDidSendMessage(message: { event?: string }) {
          if (message.event === "stopped" || message.event === "invalidated") void start().then(sessionChanged);
        },
      }),
    }),
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
      else void vscode.window.showInformationMessage("No report of the kernel stands at the cursor of a kernel log.");
    }),
  ];
};
