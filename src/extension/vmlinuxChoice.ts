import * as vscode from "vscode";

/** Asks for the vmlinux of a dump. @param near where the dialog begins */
export async function pickVmlinux(near?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: "Choose the vmlinux of the kernel, or a package that contains it",
      openLabel: "Use",
      ...(near ? { defaultUri: vscode.Uri.joinPath(near, "..") } : {}),
    })) ?? [];
  return chosen;
}
