/** The dialog that asks for a vmlinux. */
import * as vscode from "vscode";

/**
 * Asks the user for the vmlinux of a dump; returns undefined if the user cancels. @param near folder in which the
 * dialog starts
 */
export async function pickVmlinux(near?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Choose the vmlinux of the kernel, or a package that contains it"),
      openLabel: vscode.l10n.t("Use"),
      ...(near ? { defaultUri: vscode.Uri.joinPath(near, "..") } : {}),
    })) ?? [];
  return chosen;
}
