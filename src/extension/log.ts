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

/** Sessions that were asked to end: their adapter's exit is no accident. */
const ending = new WeakSet<vscode.DebugSession>();

/**
 * The adapter's log: its own remarks always, every DAP message with `"trace": true`;
 * and what to say when the adapter ends by itself.
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
  const trace = session.configuration.trace === true;
  return {
    onWillStartSession: () => channel.info(`${session.name}: adapter starts`),
    onWillReceiveMessage(message: Message) {
      if (message.command === "disconnect" || message.command === "terminate") ending.add(session);
      if (trace) channel.info(`-> ${JSON.stringify(message)}`);
    },
    onDidSendMessage(message: Message) {
      if (message.event === "vmcore/log") {
        const { level, text } = message.body as CustomEvents["vmcore/log"];
        channel[level](text);
      } else if (message.type === "response" && message.success === false) {
        channel.warn(`${message.command}: ${message.message}`);
      }
      if (trace) channel.info(`<- ${JSON.stringify(message)}`);
    },
    onError: (error) => channel.error(error),
    onExit(code, signal) {
      // VS Code does not always pass on what a killed process ended with.
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
  const [again, show] = ["Open Again", "Show Log"];
  const message = `The debug adapter of ${session.name} ended by itself (${how}). The dump is untouched; open it again to go on.`;
  const answer = await vscode.window.showErrorMessage(message, again, show);
  if (answer === again) await vscode.debug.startDebugging(session.workspaceFolder, session.configuration);
  if (answer === show) channel.show();
}
