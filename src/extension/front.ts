/** Names new sessions after their dump and selects them. */
import * as vscode from "vscode";
import { crashName } from "./dumpName.ts";
import { TYPE, askUnlessRefused } from "./session.ts";

/** Maximum number of debug consoles to step through. */
const MAX_CONSOLES = 50;

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
}

/**
 * Names a session after its dump and selects it when its dump is open. VS Code would keep the focus on the earlier
 * session and name both by their files.
 */
export const nameAndSelectSessions = (): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker(session) {
      let state: "opening" | "stopped" | "seen" = "opening";
      return {
        onDidSendMessage({ type, event, command }: Message) {
          if (state === "opening" && event === "stopped") {
            state = "stopped";
            void nameSession(session);
          } else if (state === "stopped" && type === "response" && command === "stackTrace") {
            // A session without a frame cannot be selected.
            state = "seen";
            void bringToFront(session);
          }
        },
      };
    },
  }),
];

/** Names a session after its dump, unless launch.json names it. */
async function nameSession(session: vscode.DebugSession): Promise<void> {
  if (session.configuration["namedByDump"] !== true) return;
  const about = await askUnlessRefused(session, "vmcore/about", {});
  if (about) session.name = crashName(about);
}

/**
 * Selects the session by stepping through the debug consoles, because VS Code has no other way for an extension. This
 * shows the Debug Console, so the Crash Dump panel is shown again.
 */
async function bringToFront({ id }: vscode.DebugSession): Promise<void> {
  for (let i = 0; i < MAX_CONSOLES; i++) {
    const { activeDebugSession } = vscode.debug;
    if (!activeDebugSession || activeDebugSession.id === id) {
      if (i > 0) await showCrashDump();
      return;
    }
    await vscode.commands.executeCommand("workbench.action.debug.nextConsole");
  }
}

/** Shows the Crash Dump panel and leaves the keyboard focus where it is. */
export const showCrashDump = (): Thenable<unknown> =>
  vscode.commands.executeCommand("vmcore.kernel.focus", { preserveFocus: true });
