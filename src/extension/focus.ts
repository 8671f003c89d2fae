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
    }),
  }),
];
