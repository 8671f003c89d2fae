/** Shows the panic stack when a session starts. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import { TYPE } from "./session.ts";

/**
 * Shows the panic stack at the first stop. The debug view is opened before the stop, because VS Code opens it only for
 * breakpoints, and because its Call Stack only expands the thread of the focused frame if the view is visible at that
 * time.
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

/** Number of milliseconds that the exception widget may take to unfold. */
const UNFOLDING_MS = 3000;
/** Number of milliseconds without scrolling after which the widget has settled. */
const REST_MS = 200;

/**
 * Keeps the line of the crash visible above the exception widget. VS Code centers the line, or scrolls until the end of
 * the widget is visible; in a small editor either the line or the widget is then outside.
 */
function keepLineInSight(): void {
  const reveal = (): void => {
    scrolled.dispose();
    const editor = vscode.window.activeTextEditor;
    if (!editor) return;
    const { active } = editor.selection;
    // AtTop leaves a fifth of the editor visible above the line.
    editor.revealRange(new vscode.Range(active, active), vscode.TextEditorRevealType.AtTop);
  };
  let rest = setTimeout(reveal, 2 * REST_MS);
  const scrolled = vscode.window.onDidChangeTextEditorVisibleRanges(() => {
    clearTimeout(rest);
    rest = setTimeout(reveal, REST_MS);
  });
  setTimeout(() => void scrolled.dispose(), UNFOLDING_MS);
}
