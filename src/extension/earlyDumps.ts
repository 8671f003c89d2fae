/** Reopens dumps that VS Code opened before the extension was active. */
import { basename } from "node:path";
import * as vscode from "vscode";
import { DUMP_EDITOR } from "./dumpEditor.ts";
import { matchesName } from "./dumpName.ts";

/**
 * Reopens dumps in the dump page that VS Code opened as text when it started, because it did not know the editors of
 * extensions yet.
 */
export function earlyDumps(): vscode.Disposable[] {
  const associations = vscode.workspace.getConfiguration("workbench").get<Record<string, string>>("editorAssociations");
  const patterns = Object.entries(associations ?? {})
    .filter(([, editor]) => editor === DUMP_EDITOR)
    .map(([pattern]) => pattern);
  for (const tab of vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs)) {
    const { input } = tab;
    if (!(input instanceof vscode.TabInputText) || input.uri.scheme !== "file") continue;
    const name = basename(input.uri.fsPath);
    if (patterns.some((pattern) => matchesName(name, pattern))) void reopen(tab, input.uri);
  }
  return [];
}

async function reopen(tab: vscode.Tab, uri: vscode.Uri): Promise<void> {
  const { viewColumn, isActive } = tab.group;
  const options = { viewColumn, preview: tab.isPreview, preserveFocus: !isActive, background: !tab.isActive };
  await vscode.commands.executeCommand("vscode.openWith", uri, DUMP_EDITOR, options);
  await vscode.window.tabGroups.close(tab, true);
}
