import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import { TYPE } from "./session.ts";

/**
 * Lands the user on the panic stack. VS Code opens the debug view by itself only at breakpoints; and its Call Stack
 * expands the thread whose frame gets the focus only if it is in sight by then, so it is opened before the stop.
 */
export const focus = (): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker: () => ({
      onWillStartSession: () => void vscode.commands.executeCommand("workbench.view.debug"),
      onDidSendMessage: (message: DebugProtocol.Response) => {
        if (message.type === "response" && message.command === "exceptionInfo" && message.success) keepLineInSight();
      },
    }),
  }),
];

/** How long the exception widget may take to unfold, and to come to rest, in milliseconds. */
const UNFOLDING = 3000;
const REST = 200;

/**
 * Leaves room for the exception widget below the line that the user came for: VS Code puts the line into the middle, or
 * scrolls until the end of the widget is in sight, which in a small editor takes away the one or the other.
 */
function keepLineInSight(): void {
  const reveal = (): void => {
    scrolled.dispose();
    const editor = vscode.window.activeTextEditor;
    if (!editor) return;
    const { active } = editor.selection;
    // A fifth of the editor stays in sight in front of it.
    editor.revealRange(new vscode.Range(active, active), vscode.TextEditorRevealType.AtTop);
  };
  let rest = setTimeout(reveal, 2 * REST);
  const scrolled = vscode.window.onDidChangeTextEditorVisibleRanges(() => {
    clearTimeout(rest);
    rest = setTimeout(reveal, REST);
  });
  setTimeout(() => void scrolled.dispose(), UNFOLDING);
}
