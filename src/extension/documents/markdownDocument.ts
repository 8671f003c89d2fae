/** Shows generated Markdown. */
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as vscode from "vscode";

/**
 * Shows Markdown in the preview. The page is a file in the extension's storage, because the
 * preview only follows relative links, and only from files.
 * @param preview the command that opens it, in the active group or beside
 */
export async function showMarkdown(
  { globalStorageUri }: vscode.ExtensionContext,
  title: string,
  markdown: string,
  preview: "markdown.showPreview" | "markdown.showPreviewToSide" = "markdown.showPreviewToSide",
): Promise<void> {
  const name = title
    .replace(/[^\w -]+/g, " ")
    .trim()
    .slice(0, 60);
  const page = vscode.Uri.joinPath(globalStorageUri, "reports", `${name}.md`);
  const text = markdown.replace(/\]\((file:[^)#]*)(#L\d+)?\)/g, (_, uri: string, line: string = "") => {
    const path = relative(dirname(page.fsPath), fileURLToPath(uri)).replaceAll("\\", "/");
    const uriPath = path
      .split("/")
      .map(encodeURIComponent)
      .join("/")
      .replace(/[()]/g, (one) => (one === "(" ? "%28" : "%29"));
    return `](${uriPath}${line})`;
  });
  await vscode.workspace.fs.writeFile(page, new TextEncoder().encode(text));
  await vscode.commands.executeCommand(preview, page);
}
