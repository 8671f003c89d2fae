/** The command that saves a report about the open dump. */
import * as vscode from "vscode";
import { ask, sessionCommand } from "../session.ts";

/** Registers "Save Crash Report…". */
export const saveReport = (): vscode.Disposable[] => [sessionCommand("vmcore.saveReport", save)];

async function save(session: vscode.DebugSession): Promise<void> {
  const uri = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Save Crash Report"),
    filters: { Markdown: ["md"], "HTML Page": ["html"] },
    ...inWorkspace("crash-report.md"),
  });
  if (!uri) return;
  const format = /\.html?$/i.test(uri.path) ? "html" : "markdown";
  // The adapter reports the progress, where the user can stop it.
  const { text } = await ask(session, "vmcore/report", { format });
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  await vscode.commands.executeCommand(format === "html" ? "vscode.open" : "markdown.showPreview", uri);
}

/** Returns the option that proposes a file in the workspace's folder; none without a workspace. */
export function inWorkspace(name: string): Pick<vscode.SaveDialogOptions, "defaultUri"> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  return folder ? { defaultUri: vscode.Uri.joinPath(folder.uri, name) } : {};
}
