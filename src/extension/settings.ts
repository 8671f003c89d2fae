import * as vscode from "vscode";

/**
 * Opens the settings with a search in them, where ours are: they are the machine's, which in a remote window are not on
 * the User tab.
 */
export async function openSettings(query: string): Promise<void> {
  if (vscode.env.remoteName === undefined) await vscode.commands.executeCommand("workbench.action.openSettings", query);
  else await vscode.commands.executeCommand("workbench.action.openRemoteSettings", { query });
}

export const settings = ({ extension }: vscode.ExtensionContext): vscode.Disposable[] => [
  vscode.commands.registerCommand("vmcore.openSettings", () => openSettings(`@ext:${extension.id}`)),
];
