/** The Debug Symbols view and its commands. */
import { basename } from "node:path";
import * as vscode from "vscode";
import type { DebuginfoFacts } from "../protocol/debuginfo.ts";
import { activeSession, ask, sessionCommand, TYPE } from "./session.ts";
import { openSettings } from "./settings.ts";
import { type SymbolNode, symbolNodes } from "./symbolNodes.ts";
import { pickVmlinux } from "./vmlinuxChoice.ts";

const VIEW = "vmcore.debugSymbols";

/**
 * Registers the view of every file that was tried for debuginfo, and the commands that choose a file or fetch missing
 * debuginfo.
 */
export function debugSymbols(): vscode.Disposable[] {
  const nodes = new SymbolNodes();
  const view = vscode.window.createTreeView(VIEW, { treeDataProvider: nodes, showCollapseAll: true });
  nodes.onDidLearn((text) => (view.message = text));
  return [
    view,
    nodes,
    vscode.debug.onDidChangeActiveDebugSession(() => nodes.refresh()),
    vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
      createDebugAdapterTracker: () => ({
        onDidSendMessage({ event }: { event?: string }) {
          if (event === "stopped" || event === "invalidated") nodes.refresh();
        },
      }),
    }),
    sessionCommand("vmcore.debugSymbols", () => Promise.resolve(vscode.commands.executeCommand(`${VIEW}.focus`))),
    sessionCommand("vmcore.chooseDebuginfo", (session, node) => choose(session, imageOf(node))),
    sessionCommand("vmcore.fetchDebuginfo", (session, node) => fetchMissing(session, node as SymbolNode | undefined)),
    vscode.commands.registerCommand("vmcore.copyDebuginfo", async ({ copy }: SymbolNode) => {
      await vscode.env.clipboard.writeText(copy ?? "");
      vscode.window.setStatusBarMessage("$(check) Copied", 3000);
    }),
  ];
}

const imageOf = (node: unknown): string => (node as SymbolNode | undefined)?.image ?? "vmlinux";

class SymbolNodes implements vscode.TreeDataProvider<SymbolNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly learned = new vscode.EventEmitter<string>();
  readonly onDidChangeTreeData = this.changed.event;
  /** Fires with the message that the view shows instead of rows. */
  readonly onDidLearn = this.learned.event;

  refresh(): void {
    this.changed.fire();
  }

  async getChildren(node?: SymbolNode): Promise<SymbolNode[]> {
    if (node) return [...(node.children ?? [])];
    const session = activeSession();
    if (!session) return [];
    try {
      const facts = await ask(session, "vmcore/debuginfo", {});
      this.learned.fire("");
      return symbolNodes(facts);
    } catch (error) {
      // Happens before the dump is open and after the session ended. The `stopped` event causes the next attempt.
      this.learned.fire(error instanceof Error ? error.message : String(error));
      return [];
    }
  }

  getTreeItem({ label, description, tooltip, icon, context, isOpen, children, copy }: SymbolNode): vscode.TreeItem {
    const { None, Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(label, !children?.length ? None : isOpen ? Expanded : Collapsed);
    item.contextValue = context;
    if (description !== undefined) item.description = description;
    item.tooltip = tooltip ?? copy ?? label;
    if (icon) item.iconPath = new vscode.ThemeIcon(icon[0], icon[1] === undefined ? undefined : new vscode.ThemeColor(icon[1])); // prettier-ignore
    return item;
  }

  dispose(): void {
    this.changed.dispose();
    this.learned.dispose();
  }
}

/** Asks for a file and uses it: for a module at once, for the kernel in a new session of the same dump. */
async function choose(session: vscode.DebugSession, image: string): Promise<void> {
  const isKernel = image === "vmlinux";
  const chosen = isKernel
    ? await pickVmlinux()
    : (
        await vscode.window.showOpenDialog({
          title: vscode.l10n.t("Debuginfo of {0}", image),
          openLabel: vscode.l10n.t("Use"),
        })
      )?.[0];
  if (!chosen) return;
  if (!isKernel) {
    await ask(session, "vmcore/loadModule", { module: image, path: chosen.fsPath });
    return;
  }
  if (/\.(deb|ddeb|rpm)$/i.test(chosen.fsPath)) return reopen(session, { vmlinux: chosen.fsPath, isChosen: true });
  const { outcome, why } = await ask(session, "vmcore/tryVmlinux", { path: chosen.fsPath });
  if (outcome === "taken") return reopen(session, { vmlinux: chosen.fsPath, isChosen: true });
  const anyway = vscode.l10n.t("Use Anyway");
  const text = `${basename(chosen.fsPath)} ${why}.`;
  if ((await vscode.window.showWarningMessage(text, { modal: true }, anyway)) === anyway)
    await reopen(session, { vmlinux: chosen.fsPath, force: true });
}

/** Opens the same dump in a new session. */
async function reopen(session: vscode.DebugSession, more: object): Promise<void> {
  const { configuration, workspaceFolder } = session;
  await vscode.debug.stopDebugging(session);
  await vscode.debug.startDebugging(workspaceFolder, { ...configuration, ...more }, { suppressDebugToolbar: true });
}

/** Fetches the debuginfo of one image, or all that is missing, after the user has chosen the servers. */
async function fetchMissing(session: vscode.DebugSession, node: SymbolNode | undefined): Promise<void> {
  const facts = await ask(session, "vmcore/debuginfo", {});
  const servers = await serversOf(facts, node?.context.includes("server") ? node.copy : undefined);
  if (!servers) return;
  const names = node?.image === undefined ? [] : [node.image];
  const { remarks } = await vscode.window.withProgress({ location: { viewId: VIEW } }, () =>
    ask(session, "vmcore/fetchDebuginfo", { names, servers }),
  );
  if (remarks.length > 0) void vscode.window.showWarningMessage(remarks.join("\n"));
}

/** @returns undefined if the user cancels; empty for the servers in DEBUGINFOD_URLS */
async function serversOf(
  { advice }: DebuginfoFacts,
  chosen: string | undefined,
): Promise<readonly string[] | undefined> {
  if (chosen !== undefined) return [chosen];
  const configured = vscode.workspace.getConfiguration(TYPE).get<string[]>("debuginfod", []);
  if (configured.length > 0 || process.env["DEBUGINFOD_URLS"]) return configured;
  const [once, settings] = [vscode.l10n.t("Ask It Once"), vscode.l10n.t("Open Settings")];
  const { debuginfod: server } = advice;
  const text =
    server === undefined
      ? vscode.l10n.t("No debuginfod server is configured.")
      : vscode.l10n.t(
          "No debuginfod server is configured. That of {0} is {1}: it would receive the build IDs of the requested files.",
          advice.distribution ?? vscode.l10n.t("the distribution"),
          server,
        );
  const answer = await vscode.window.showInformationMessage(text, ...(server === undefined ? [] : [once]), settings);
  if (answer === settings) await openSettings("vmcore.debuginfod");
  return answer === once && server !== undefined ? [server] : undefined;
}
