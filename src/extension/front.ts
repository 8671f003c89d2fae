import * as vscode from "vscode";
import { crashName } from "./dumpName.ts";
import { TYPE, askUnlessRefused } from "./session.ts";

/** More consoles than anybody has open. */
const MAX_CONSOLES = 50;

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
}

/**
 * A dump that was just opened comes to the front, under a name of its own: VS Code leaves the focus with the session
 * that has it, and would call both by their files.
 */
export const front = (): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker(session) {
      let state: "opening" | "stopped" | "seen" = "opening";
      return {
        onDidSendMessage({ type, event, command }: Message) {
          if (state === "opening" && event === "stopped") {
            state = "stopped";
            void name(session);
          } else if (state === "stopped" && type === "response" && command === "stackTrace") {
            // Before it has a frame there is nothing that could be in front.
            state = "seen";
            void bringToFront(session);
          }
        },
      };
    },
  }),
];

/** What the user named in launch.json keeps that name. */
async function name(session: vscode.DebugSession): Promise<void> {
  if (session.configuration["namedByDump"] !== true) return;
  const about = await askUnlessRefused(session, "vmcore/about", {});
  if (about) session.name = crashName(about);
}

/** By the consoles, one of which belongs to each session: VS Code has no other way for an extension. */
async function bringToFront({ id }: vscode.DebugSession): Promise<void> {
  for (let i = 0; i < MAX_CONSOLES; i++) {
    const { activeDebugSession } = vscode.debug;
    if (!activeDebugSession || activeDebugSession.id === id) return;
    await vscode.commands.executeCommand("workbench.action.debug.nextConsole");
  }
}
