import * as vscode from "vscode";

const SCHEME = "vmcore-report";

/** Pages that were made, by their URIs' queries; the last ones stay for editors that are opened again. */
const pages = new Map<string, string>();
const MAX_PAGES = 20;
let made = 0;

/** Pages of our own making, in Markdown. */
export const markdownDocument = (): vscode.Disposable[] => [
  vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: ({ query }) => pages.get(query) ?? "This page was made in an earlier session.\n",
  }),
];

/** Shows Markdown as it is meant to be read, beside the editor that it is about. */
export async function showMarkdown(title: string, markdown: string): Promise<void> {
  const query = String(++made);
  pages.set(query, markdown);
  for (const old of pages.keys()) if (pages.size > MAX_PAGES) pages.delete(old);
  const name = title
    .replace(/[^\w .-]+/g, " ")
    .trim()
    .slice(0, 60);
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}.md`, query });
  await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
}
