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
const REST = 150;

/**
 * An oops makes the exception widget as tall as the editor, and VS Code scrolls until its end is in sight: the line that
 * it stands below, which is what the user came for, is brought back.
 */
function keepLineInSight(): void {
  let rest: ReturnType<typeof setTimeout> | undefined;
  const scrolled = vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => {
    clearTimeout(rest);
    rest = setTimeout(() => {
      scrolled.dispose();
      const { active } = textEditor.selection;
      textEditor.revealRange(new vscode.Range(active, active), vscode.TextEditorRevealType.InCenter);
    }, REST);
  });
  setTimeout(() => void scrolled.dispose(), UNFOLDING);
}
