import * as vscode from "vscode";

/** Asks for the vmlinux of a dump. @param near where the dialog begins */
export async function pickVmlinux(near?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: "The kernel's vmlinux, or a package that has it",
      openLabel: "Use",
      ...(near ? { defaultUri: vscode.Uri.joinPath(near, "..") } : {}),
    })) ?? [];
  return chosen;
}
