import * as vscode from "vscode";
import type { CustomRequests, CustomEvents } from "../protocol/custom.ts";

/** The `type` of our debug configurations. */
export const TYPE = "vmcore";

/** The debug session in front, if it is one of ours. */
export function activeSession(): vscode.DebugSession | undefined {
  const session = vscode.debug.activeDebugSession;
  return session?.type === TYPE ? session : undefined;
}

/** One of our own requests, typed. @throws Error with the adapter's message */
export const ask = <Name extends keyof CustomRequests>(
  session: vscode.DebugSession,
  request: Name,
  args: CustomRequests[Name]["arguments"],
): Thenable<CustomRequests[Name]["body"]> =>
  session.customRequest(request, args) as Thenable<CustomRequests[Name]["body"]>;

/**
 * The same; undefined where the session refuses, as while it opens, or has ended. Over a wire every refusal is a plain
 * Error: whether it was a bug the adapter knows, and says in its own log.
 */
export const askUnlessRefused = <Name extends keyof CustomRequests>(
  session: vscode.DebugSession,
  request: Name,
  args: CustomRequests[Name]["arguments"],
): Thenable<CustomRequests[Name]["body"] | undefined> => ask(session, request, args).then(undefined, () => undefined);

/** The frame that the user looks at, by its DAP id. */
export function focusedFrame(session: vscode.DebugSession): number | undefined {
  const item = vscode.debug.activeStackItem;
  return item instanceof vscode.DebugStackFrame && item.session.id === session.id ? item.frameId : undefined;
}

/** The thread that the user looks at. */
export function focusedThread(session: vscode.DebugSession): number | undefined {
  const item = vscode.debug.activeStackItem;
  return item && item.session.id === session.id ? item.threadId : undefined;
}

/** A command that needs an open dump: offers to open one when there is none, shows what went wrong. */
export function sessionCommand(
  id: string,
  run: (session: vscode.DebugSession, ...args: unknown[]) => Promise<unknown>,
): vscode.Disposable {
  return vscode.commands.registerCommand(id, async (...args: unknown[]) => {
    const session = activeSession();
    if (!session) {
      const open = "Open Crash Dump…";
      const answer = await vscode.window.showInformationMessage("No kernel crash dump is open.", open);
      if (answer === open) await vscode.commands.executeCommand("vmcore.open");
      return;
    }
    try {
      await run(session, ...args);
    } catch (error) {
      // Not waited for: whoever runs the command need not wait until the user has read it.
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  });
}

/** What an adapter asks the user before it goes on; closing the dialog means no. */
export function questions(): vscode.Disposable[] {
  return [
    vscode.debug.onDidReceiveDebugSessionCustomEvent(async ({ session, event, body }) => {
      if (session.type !== TYPE || event !== "vmcore/ask") return;
      const { id, question } = body as CustomEvents["vmcore/ask"];
      const yes = "Continue";
      const answer = await vscode.window.showWarningMessage(question, { modal: true }, yes);
      await session.customRequest("vmcore/answer", { id, yes: answer === yes });
    }),
  ];
}
