import * as vscode from "vscode";
import { TYPE } from "./session.ts";

/** How long VS Code may take from the stop to a focused frame. */
const PATIENCE_MS = 20_000;

/**
 * Lands the user on the panic stack: VS Code opens the debug view by itself only at breakpoints, and expands the
 * stopped thread only where it is alone.
 */
export const focus = (): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker(session) {
      let stopped = false;
      return {
        onDidSendMessage(message: { event?: string }) {
          if (message.event !== "stopped") return;
          const first = !stopped;
          stopped = true;
          void reveal(session, first);
        },
      };
    },
  }),
];

async function reveal(session: vscode.DebugSession, first: boolean): Promise<void> {
  if (!(await frameFocused(session))) return;
  if (first) await vscode.commands.executeCommand("workbench.view.debug");
  await vscode.commands.executeCommand("workbench.debug.callStackView.focus");
  await vscode.commands.executeCommand("workbench.action.focusActiveEditorGroup");
}

/** Waits for a frame of the session to have the focus; false when it ends or nothing comes. */
function frameFocused(session: vscode.DebugSession): Promise<boolean> {
  const isFocused = (): boolean => {
    const item = vscode.debug.activeStackItem;
    return item instanceof vscode.DebugStackFrame && item.session.id === session.id;
  };
  if (isFocused()) return Promise.resolve(true);
  return new Promise((resolve) => {
    const done = (result: boolean): void => {
      clearTimeout(timer);
      for (const listener of listeners) listener.dispose();
      resolve(result);
    };
    const timer = setTimeout(() => done(false), PATIENCE_MS);
    const listeners = [
      vscode.debug.onDidChangeActiveStackItem(() => isFocused() && done(true)),
      vscode.debug.onDidTerminateDebugSession((ended) => ended.id === session.id && done(false)),
    ];
  });
}
