/** Commands for tasks and their stacks. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import type { ThreadState } from "../protocol/custom.ts";
import { ask, askUnlessRefused, focusedThread, sessionCommand } from "./session.ts";

/** Registers the commands that select a task, and copy or show its stack. */
export const stacks = (): vscode.Disposable[] => [
  sessionCommand("vmcore.selectTask", selectTask),
  sessionCommand("vmcore.showRawStack", showRaw),
  sessionCommand("vmcore.copyStack", (session, item) => copy(session, item, "text")),
  sessionCommand("vmcore.copyStackAsMarkdown", (session, item) => copy(session, item, "markdown")),
];

/** Number of threads whose states are requested at a time. */
const BATCH = 64;

interface TaskItem extends vscode.QuickPickItem {
  readonly id: number;
}

/** Lets the user choose a task by its name, PID, CPU, state or function. The functions are added while the list is open. */
async function selectTask(session: vscode.DebugSession): Promise<void> {
  const { threads } = (await session.customRequest("threads")) as DebugProtocol.ThreadsResponse["body"];
  const pick = vscode.window.createQuickPick<TaskItem>();
  pick.placeholder = vscode.l10n.t("Task to look at: by name, PID, CPU, state or function");
  pick.matchOnDescription = true;
  pick.keepScrollPosition = true;
  const items: TaskItem[] = threads.map(({ id, name }) => ({ label: name, id }));
  pick.items = items;
  let isOpen = true;
  const chosen = new Promise<TaskItem | undefined>((done) => {
    pick.onDidAccept(() => done(pick.activeItems[0]));
    pick.onDidHide(() => {
      isOpen = false;
      done(undefined);
    });
  });
  pick.show();
  pick.busy = true;
  const show = (): void => {
    const active = pick.activeItems[0]?.id;
    pick.items = [...items];
    const still = items.find(({ id }) => id === active);
    if (still) pick.activeItems = [still];
  };
  // VS Code takes over all items each time, so they are shown only when twice as many are known.
  let next = BATCH;
  const fill = async (): Promise<void> => {
    for (let at = 0; at < items.length && isOpen; at += BATCH) {
      const threadIds = items.slice(at, at + BATCH).map(({ id }) => id);
      // The list is usable without the functions.
      const states = await askUnlessRefused(session, "vmcore/threadStates", { threadIds });
      if (!states) break;
      const byId = new Map(states.threads.map((state) => [state.threadId, state]));
      for (const [i, id] of threadIds.entries()) {
        const known = byId.get(id);
        if (known) items[at + i] = { id, label: known.name, description: describe(known) };
      }
      if (at + BATCH < next) continue;
      next *= 2;
      show();
    }
    if (isOpen) show();
    pick.busy = false;
  };
  const filled = fill();
  const choice = await chosen;
  isOpen = false;
  pick.hide();
  await filled;
  pick.dispose();
  if (choice) await ask(session, "vmcore/select", { threadId: choice.id });
}

/** Returns `lab_transfer  ·  blocked 12.1 s`. */
const describe = ({ state, function: name }: ThreadState): string =>
  name === undefined ? state : `${name}  ·  ${state}`;

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
