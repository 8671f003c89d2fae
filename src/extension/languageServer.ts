/** Starts the language server process. */
import * as vscode from "vscode";
import { type DocumentSelector, LanguageClient, TransportKind } from "vscode-languageclient/node";
import type { InitializationOptions, LanguageRequests } from "../protocol/language.ts";
import { fileSettings } from "./configuration.ts";
import { activeSession, ask } from "./session.ts";

const options = (): InitializationOptions => ({
  ...fileSettings(),
  commands: true,
  restricted: !vscode.workspace.isTrusted,
});

/** Starts the language server, which can ask the active debug session through the extension ("vmcore/ask"). */
export async function startServer(context: vscode.ExtensionContext, served: DocumentSelector): Promise<LanguageClient> {
  const module = context.asAbsolutePath("dist/server.js");
  const client = new LanguageClient(
    "vmcore",
    "Vmcore Language Server",
    { module, transport: TransportKind.ipc },
    { documentSelector: served, initializationOptions: options },
  );
  client.onRequest("vmcore/ask", async (question: LanguageRequests["vmcore/ask"]["arguments"]) => {
    const session = activeSession();
    return session ? ask(session, question.request, question.arguments) : null;
  });
  await client.start();
  return client;
}
