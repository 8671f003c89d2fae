/** Commands that open a dump. */
import { basename, isAbsolute } from "node:path";
import * as vscode from "vscode";
import { dumpName } from "./dumpName.ts";
import { TYPE } from "./session.ts";

/** Usual names of dump files, searched in the workspace. */
const PATTERN = "**/{vmcore,vmcore.*,vmcore-*,*.vmcore,*.kdump,*.dump,dump.[0-9]*}";
/** Excludes the log that kdump writes next to the dump. */
const EXCLUDED = "{**/{node_modules,.git}/**,**/vmcore*.{txt,log}}";
/** Maximum number of dumps in the list. */
const MAX_FOUND = 50;

/** Registers opening a dump: by command, from the Explorer, from the dump page, by a link, and for `${command:pickVmcore}`. */
export const openDump = (context: vscode.ExtensionContext): vscode.Disposable[] => [
  vscode.commands.registerCommand("vmcore.open", async (resource?: unknown, selected?: unknown) => {
    const files = uris(selected).length > 0 ? uris(selected) : uris([resource]);
    const paths = files.length > 0 ? files.map((uri) => uri.fsPath) : await pick();
    if (paths.length > 0) await debug(paths);
  }),
  vscode.commands.registerCommand("vmcore.openSample", async () => {
    await keepWalkthrough();
    await debug([vscode.Uri.joinPath(context.extensionUri, "sample", "vmcore").fsPath]);
  }),
  // Serves `${command:pickVmcore}` of a debug configuration. Undefined cancels the start.
  vscode.commands.registerCommand("vmcore.pickVmcore", async () => (await pick())[0]),
  vscode.window.registerUriHandler({ handleUri: openLink }),
];

/**
 * Opens the dump of a link `vscode://…/open?path=/var/crash/vmcore`. Any page can make such a link, so it must name an
 * existing regular file, the user is always asked with the whole path, and in Restricted Mode it does nothing.
 */
async function openLink({ path, query }: vscode.Uri): Promise<void> {
  const named = new URLSearchParams(query).get("path") ?? "";
  if (!vscode.workspace.isTrusted || path !== "/open" || !isAbsolute(named)) return;
  const file = vscode.Uri.file(named);
  const found = await vscode.workspace.fs.stat(file).then(
    ({ type }) => type,
    () => undefined,
  );
  if (found !== vscode.FileType.File) return;
  const yes = vscode.l10n.t("Open");
  const question = vscode.l10n.t("A link asks to open this file as a crash dump.");
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail: file.fsPath }, yes);
  if (answer === yes) await debug([file.fsPath]);
}

const uris = (value: unknown): vscode.Uri[] =>
  Array.isArray(value) ? value.filter((item): item is vscode.Uri => item instanceof vscode.Uri) : [];

/** Keeps the walkthrough open. In a preview tab it would be replaced by the source of the first stop. */
async function keepWalkthrough(): Promise<void> {
  const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
  if (tab?.isPreview && tab.input === undefined) await vscode.commands.executeCommand("workbench.action.keepEditor");
}

/** Starts the debugger. Several files are the parts of one split dump. The toolbar of a running program is hidden. */
async function debug(paths: readonly string[]): Promise<void> {
  const [first = ""] = paths;
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(first)) ?? vscode.workspace.workspaceFolders?.[0];
  await vscode.debug.startDebugging(
    folder,
    {
      type: TYPE,
      request: "launch",
      name: dumpName(paths),
      namedByDump: true,
      vmcore: paths.length > 1 ? [...paths] : first,
    },
    { suppressDebugToolbar: true },
  );
}

/** Lets the user pick a dump of the workspace or any file. Empty if the user cancels. */
const pick = async (): Promise<readonly string[]> =>
  (await pickDump(vscode.l10n.t("Kernel crash dump to open"), vscode.l10n.t("Debug"), []))?.vmcore ?? [];

interface DumpFiles {
  readonly vmcore: readonly string[];
  readonly vmlinux?: string | undefined;
}

/**
 * Lets the user pick one of the given dumps, a dump of the workspace, or any file. Undefined if the user cancels.
 * @param title of the list @param button label of the button in the file dialog
 */
export async function pickDump(
  title: string,
  button: string,
  first: readonly (vscode.QuickPickItem & { readonly files: DumpFiles })[],
): Promise<DumpFiles | undefined> {
  const found = await vscode.workspace.findFiles(PATTERN, EXCLUDED, MAX_FOUND);
  const isListed = (path: string): boolean => first.some(({ files }) => files.vmcore.includes(path));
  const listed = [
    ...first,
    ...found
      .filter(({ fsPath }) => !isListed(fsPath))
      .map((uri) => ({
        label: `$(file-binary) ${basename(uri.fsPath)}`,
        description: vscode.workspace.asRelativePath(uri),
        files: { vmcore: [uri.fsPath] },
      })),
  ];
  if (listed.length === 0) return browse(title, button);
  const other = { label: `$(folder-opened) ${vscode.l10n.t("Browse…")}`, files: undefined };
  const choice = await vscode.window.showQuickPick([...listed, other], {
    placeHolder: title,
    matchOnDescription: true,
  });
  if (!choice) return undefined;
  return choice.files ?? browse(title, button);
}

async function browse(title: string, openLabel: string): Promise<DumpFiles | undefined> {
  const chosen = await vscode.window.showOpenDialog({ title, openLabel, canSelectMany: true });
  return chosen && { vmcore: chosen.map((uri) => uri.fsPath) };
}
