/** Opens the settings editor. */
import * as vscode from "vscode";

/**
 * Opens the settings editor with a search, on the tab where the extension's settings are. They are machine settings,
 * which a remote window does not show on the User tab.
 */
export async function openSettings(query: string): Promise<void> {
  if (vscode.env.remoteName === undefined) await vscode.commands.executeCommand("workbench.action.openSettings", query);
  else await vscode.commands.executeCommand("workbench.action.openRemoteSettings", { query });
}

export const settings = ({ extension }: vscode.ExtensionContext): vscode.Disposable[] => [
  vscode.commands.registerCommand("vmcore.openSettings", () => openSettings(`@ext:${extension.id}`)),
];
