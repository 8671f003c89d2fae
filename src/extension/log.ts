/** The adapter's log, and restarts after it crashed. */
import * as vscode from "vscode";
import type { CustomEvents } from "../protocol/custom.ts";
import { TYPE } from "./session.ts";

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

/** Sessions that are being ended; the exit of their adapter is expected. */
const ending = new WeakSet<vscode.DebugSession>();

/**
 * Registers the output channel with the adapter's messages (with `"trace": true` every DAP message) and the
 * notification when the adapter ends unexpectedly.
 */
export function log(): vscode.Disposable[] {
  const channel = vscode.window.createOutputChannel("Vmcore Debug", { log: true });
  return [
    channel,
    vscode.commands.registerCommand("vmcore.showLog", () => channel.show()),
    vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
      createDebugAdapterTracker: (session) => tracker(session, channel),
    }),
  ];
}

function tracker(session: vscode.DebugSession, channel: vscode.LogOutputChannel): vscode.DebugAdapterTracker {
  const isTracing = session.configuration.trace === true;
  return {
    onWillStartSession: () => channel.info(`${session.name}: adapter starts`),
    onWillReceiveMessage(message: Message) {
      if (message.command === "disconnect" || message.command === "terminate") ending.add(session);
      if (isTracing) channel.info(`-> ${JSON.stringify(message)}`);
    },
    onDidSendMessage(message: Message) {
      if (message.event === "vmcore/log") {
        const { level, text } = message.body as CustomEvents["vmcore/log"];
        channel[level](text);
      } else if (message.type === "response" && message.success === false) {
        channel.warn(`${message.command}: ${message.message}`);
      }
      if (isTracing) channel.info(`<- ${JSON.stringify(message)}`);
    },
    onError: (error) => channel.error(error),
    onExit(code, signal) {
      // VS Code does not always pass the signal that ended a process.
      const how = signal ?? (typeof code === "number" ? `exit code ${code}` : "killed or crashed");
      channel.info(`${session.name}: adapter ended (${how})`);
      if (!ending.has(session)) void offerRestart(session, how, channel);
    },
  };
}

async function offerRestart(
  session: vscode.DebugSession,
  how: string,
  channel: vscode.LogOutputChannel,
): Promise<void> {
  const [again, show] = [vscode.l10n.t("Open Again"), vscode.l10n.t("Show Log")];
  const message = vscode.l10n.t(
    "The debug adapter of {0} ended unexpectedly ({1}). The dump file is unchanged. Open it again to continue.",
    session.name,
    how,
  );
  const answer = await vscode.window.showErrorMessage(message, again, show);
  if (answer === again) await vscode.debug.startDebugging(session.workspaceFolder, session.configuration);
  if (answer === show) channel.show();
}
