import * as vscode from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";
import type { LanguageNotifications, LanguageRequests } from "../protocol/language.ts";
import { fileSettings } from "./configuration.ts";
import { showMarkdown } from "./markdownDocument.ts";
import { activeSession, ask, TYPE } from "./session.ts";

/** What the language server serves; a pasted oops has no language of its own. */
const SERVED: readonly ({ readonly language: string } | { readonly scheme: string })[] = [
  { language: "kernel-log" },
  { language: "crash-transcript" },
  { scheme: "untitled" },
];

/** Lines that stand in a report of the kernel and in no other text. */
const REPORT = /^.{0,80}(?:Call [Tt]race:|RIP: 00\d\d:\w|---\[ end (?:trace|Kernel)|-+\[ cut here \])/m;

/** Whether the language server says what the words of a document are. */
export const isServed = (document: vscode.TextDocument): boolean => vscode.languages.match([...SERVED], document) > 0;

/** The place that "Analyze" is about when no lens says. */
function reportAtCursor(): [uri: string | undefined, line: number | undefined] {
  const editor = vscode.window.activeTextEditor;
  return editor && isServed(editor.document)
    ? [editor.document.uri.toString(), editor.selection.active.line]
    : [undefined, undefined];
}

/** The language server: starts with the first log or the first dump, asks the session in front through us. */
export const languageClient = (context: vscode.ExtensionContext): vscode.Disposable[] => {
  const module = context.asAbsolutePath("dist/server.js");
  const client = new LanguageClient(
    "vmcore",
    "Vmcore Language Server",
    { module, transport: TransportKind.ipc },
    { documentSelector: [...SERVED], initializationOptions: fileSettings },
  );
  client.onRequest("vmcore/ask", async (question: LanguageRequests["vmcore/ask"]["arguments"]) => {
    const session = activeSession();
    return session ? ask(session, question.request, question.arguments) : null;
  });
  let started: Promise<void> | undefined;
  const start = (): Promise<void> => (started ??= client.start());
  const startFor = (document: vscode.TextDocument): void => {
    if (isServed(document)) void start();
  };
  const sessionChanged = async (): Promise<void> => {
    if (!started) return;
    await started;
    const nothing: LanguageNotifications["vmcore/sessionChanged"] = {};
    await client.sendNotification("vmcore/sessionChanged", nothing);
  };
  const reportOf = async <Name extends "vmcore/resolvedReport" | "vmcore/analysis">(
    request: Name,
    uri: unknown,
    line: unknown,
  ): Promise<LanguageRequests[Name]["body"]> => {
    if (typeof uri !== "string" || typeof line !== "number") return null;
    await start();
    return client.sendRequest<LanguageRequests[Name]["body"]>(request, { uri, line });
  };
  vscode.workspace.textDocuments.forEach(startFor);
  return [
    { dispose: () => void (started && client.dispose()) },
    vscode.workspace.onDidOpenTextDocument(startFor),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      const isPasted = contentChanges.some(({ text }) => REPORT.test(text));
      if (document.isUntitled && document.languageId === "plaintext" && isPasted)
        void vscode.languages.setTextDocumentLanguage(document, "kernel-log");
    }),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (!started || !change.affectsConfiguration(TYPE)) return;
      await started;
      await client.sendNotification("vmcore/settingsChanged", fileSettings());
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
