/** Commands for tasks and their stacks. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import { ask, focusedThread, sessionCommand } from "./session.ts";

/** Registers the commands that select a task, and copy or show its stack. */
export const stacks = (): vscode.Disposable[] => [
  sessionCommand("vmcore.selectTask", async (session) => {
    const { threads } = (await session.customRequest("threads")) as DebugProtocol.ThreadsResponse["body"];
    const items = threads.map(({ id, name }) => ({ label: name, id }));
    const choice = await vscode.window.showQuickPick(items, { placeHolder: "Task to look at: by name, pid or CPU" });
    if (choice) await ask(session, "vmcore/select", { threadId: choice.id });
  }),
  sessionCommand("vmcore.showRawStack", showRaw),
  sessionCommand("vmcore.copyStack", (session, item) => copy(session, item, "text")),
  sessionCommand("vmcore.copyStackAsMarkdown", (session, item) => copy(session, item, "markdown")),
];

/** Returns the thread of a command: the one whose context menu was opened, else the selected one. */
const threadFor = async (session: vscode.DebugSession, item: unknown): Promise<number> =>
  threadOf(item) ?? focusedThread(session) ?? (await ask(session, "vmcore/about", {})).threadId;

/** Opens a stack word by word as a transcript, whose addresses have hovers and links. */
async function showRaw(session: vscode.DebugSession, item: unknown): Promise<void> {
  const { source } = await ask(session, "vmcore/rawStack", { threadId: await threadFor(session, item) });
  const uri = vscode.debug.asDebugSourceUri(source, session);
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.languages.setTextDocumentLanguage(document, "crash-transcript");
  await vscode.window.showTextDocument(document, { preview: true });
}

async function copy(session: vscode.DebugSession, item: unknown, format: "text" | "markdown"): Promise<void> {
  const threadId = await threadFor(session, item);
  const { text } = await ask(session, "vmcore/stack", { threadId, format });
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage("$(check) Stack copied", 3000);
}

function threadOf(item: unknown): number | undefined {
  const threadId = (item as { threadId?: unknown } | undefined)?.threadId;
  // The menu passes a number or a string, depending on the version of VS Code.
  const id = typeof threadId === "string" ? Number(threadId) : threadId;
  return typeof id === "number" && Number.isInteger(id) ? id : undefined;
}
