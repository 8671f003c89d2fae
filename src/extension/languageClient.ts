import * as vscode from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";
import type { LanguageNotifications, LanguageRequests } from "../protocol/language.ts";
import { activeSession, ask, sessionCommand, TYPE } from "./session.ts";

/** What the language server serves; a pasted oops has no language of its own. */
const SERVED: readonly { readonly language: string; readonly scheme?: string }[] = [
  { language: "kernel-log" },
  { language: "crash-transcript" },
  { language: "plaintext", scheme: "untitled" },
];

/** Whether the language server says what the words of a document are. */
export const isServed = (document: vscode.TextDocument): boolean => vscode.languages.match([...SERVED], document) > 0;

/** The language server: starts with the first log or the first dump, asks the session in front through us. */
export const languageClient = (context: vscode.ExtensionContext): vscode.Disposable[] => {
  const module = context.asAbsolutePath("dist/server.js");
  const client = new LanguageClient(
    "vmcore",
    "Vmcore Language Server",
    { module, transport: TransportKind.ipc },
    { documentSelector: [...SERVED] },
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
  vscode.workspace.textDocuments.forEach(startFor);
  return [
    { dispose: () => void (started && client.dispose()) },
    vscode.workspace.onDidOpenTextDocument(startFor),
    vscode.debug.onDidChangeActiveDebugSession(() => void sessionChanged()),
    vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
      createDebugAdapterTracker: () => ({
        // An opening dump answers nothing before its first stop.
        onDidSendMessage(message: { event?: string }) {
          if (message.event === "stopped" || message.event === "invalidated") void start().then(sessionChanged);
        },
      }),
    }),
    sessionCommand("vmcore.resolveReport", async (_session, uri, line) => {
      if (typeof uri !== "string" || typeof line !== "number") return;
      await start();
      const args: LanguageRequests["vmcore/resolvedReport"]["arguments"] = { uri, line };
      const report = await client.sendRequest<LanguageRequests["vmcore/resolvedReport"]["body"]>(
        "vmcore/resolvedReport",
        args,
      );
      if (!report) return;
      const document = await vscode.workspace.openTextDocument({ language: "kernel-log", content: report.text });
      await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.Beside });
    }),
  ];
};
