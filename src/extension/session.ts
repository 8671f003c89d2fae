/** The active debug session and requests to it. */
import * as vscode from "vscode";
import type { CustomRequests, CustomEvents } from "../protocol/custom.ts";

/** The `type` of the extension's debug configurations. */
export const TYPE = "vmcore";

/** Returns the active debug session if it belongs to this extension. */
export function activeSession(): vscode.DebugSession | undefined {
  const session = vscode.debug.activeDebugSession;
  return session?.type === TYPE ? session : undefined;
}

/** Shows the views of this extension, which are hidden until a dump is opened or a page is requested. */
export const showViews = (): Thenable<unknown> =>
  vscode.commands.executeCommand("setContext", "vmcore.hasOpened", true);

/** Sends a custom request with typed arguments. @throws Error with the adapter's message */
export const ask = <Name extends keyof CustomRequests>(
  session: vscode.DebugSession,
  request: Name,
  args: CustomRequests[Name]["arguments"],
): Thenable<CustomRequests[Name]["body"]> =>
  session.customRequest(request, args) as Thenable<CustomRequests[Name]["body"]>;

/** Requests that wait for their number, so that they can be cancelled. */
const cancellable = new Set<{
  /** Id of the debug session. */
  readonly session: string;
  readonly request: string;
  readonly args: string;
  readonly sent: (seq: number) => void;
}>();

/** Registers a tracker of the numbers that VS Code gives to requests, because only the number identifies one in `cancel`. */
export const trackRequestNumbers = (): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker: ({ id }) => ({
      onWillReceiveMessage({ seq, command, arguments: given }: { seq: number; command?: string; arguments?: object }) {
        for (const one of cancellable)
          if (one.session === id && one.request === command && one.args === JSON.stringify(given)) {
            cancellable.delete(one);
            one.sent(seq);
            break;
          }
      },
    }),
  }),
];

/** Like `ask`, but a token cancels the request. @throws Error also when it was cancelled */
export async function askUntil<Name extends keyof CustomRequests>(
  token: vscode.CancellationToken,
  session: vscode.DebugSession,
  request: Name,
  args: CustomRequests[Name]["arguments"],
): Promise<CustomRequests[Name]["body"]> {
  let number: number | undefined;
  const cancel = (): void => {
    if (number !== undefined && token.isCancellationRequested)
      void session.customRequest("cancel", { requestId: number }).then(undefined, () => undefined);
  };
  const waiting = {
    session: session.id,
    request,
    args: JSON.stringify(args),
    sent: (seq: number): void => {
      number = seq;
      cancel();
    },
  };
  cancellable.add(waiting);
  const listening = token.onCancellationRequested(cancel);
  try {
    return await ask(session, request, args);
  } finally {
    listening.dispose();
    cancellable.delete(waiting);
  }
}

/**
 * Like `ask`, but undefined when the session refuses, for example while it opens or after it ended. VS Code passes
 * every refusal as a plain Error; internal errors are in the adapter's log.
 */
export const askUnlessRefused = <Name extends keyof CustomRequests>(
  session: vscode.DebugSession,
  request: Name,
  args: CustomRequests[Name]["arguments"],
): Thenable<CustomRequests[Name]["body"] | undefined> => ask(session, request, args).then(undefined, () => undefined);

/** Returns the DAP id of the frame that the user selected; undefined if no frame of this session is selected. */
export function focusedFrame(session: vscode.DebugSession): number | undefined {
  const item = vscode.debug.activeStackItem;
  return item instanceof vscode.DebugStackFrame && item.session.id === session.id ? item.frameId : undefined;
}

/** Returns the id of the selected thread, or of that of the selected frame; undefined if it is of another session. */
export function focusedThread(session: vscode.DebugSession): number | undefined {
  const item = vscode.debug.activeStackItem;
  return item && item.session.id === session.id ? item.threadId : undefined;
}

/** Registers a command that needs an open dump. It offers to open one if there is none, and shows errors. */
export function sessionCommand(
  id: string,
  run: (session: vscode.DebugSession, ...args: unknown[]) => Promise<unknown>,
): vscode.Disposable {
  return vscode.commands.registerCommand(id, async (...args: unknown[]) => {
    const session = activeSession();
    if (!session) {
      const open = vscode.l10n.t("Open Crash Dump…");
      const answer = await vscode.window.showInformationMessage(vscode.l10n.t("No kernel crash dump is open."), open);
      if (answer === open) await vscode.commands.executeCommand("vmcore.open");
      return;
    }
    try {
      await run(session, ...args);
    } catch (error) {
      // Do not await the answer, so that the command ends before the user closes the message.
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  });
}

/** Shows the adapter's questions to the user. Closing the dialog counts as no. */
export function questions(): vscode.Disposable[] {
  return [
    vscode.debug.onDidReceiveDebugSessionCustomEvent(async ({ session, event, body }) => {
      if (session.type !== TYPE || event !== "vmcore/ask") return;
      const { id, question } = body as CustomEvents["vmcore/ask"];
      const yes = vscode.l10n.t("Continue");
      const answer = await vscode.window.showWarningMessage(question, { modal: true }, yes);
      await session.customRequest("vmcore/answer", { id, yes: answer === yes });
    }),
  ];
}
