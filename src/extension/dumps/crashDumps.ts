/** The Crash Dumps view in Run and Debug, and its commands. */
import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { showCrashDump } from "../front.ts";
import { askUnlessRefused, showViews, TYPE } from "../session.ts";
import { dumpRows, type DumpRow, isKept, keyOf, type Recent, withDump, withoutDump } from "./recentList.ts";

const VIEW = "vmcore.dumps";
/** Key of the stored list. */
const KEY = "vmcore.recentDumps";

/** Registers the view of open and earlier dumps, and the commands of its rows. */
export function crashDumps(context: vscode.ExtensionContext): vscode.Disposable[] {
  const dumps = new Dumps(context.globalState);
  // Someone who opened a dump before sees the view at once.
  if (context.globalState.get<readonly Recent[]>(KEY) !== undefined) void showViews();
  return [
    dumps,
    vscode.window.createTreeView(VIEW, { treeDataProvider: dumps }),
    vscode.debug.onDidTerminateDebugSession((session) => dumps.closed(session)),
    vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
      createDebugAdapterTracker: (session) => ({
        onWillStartSession: () => void showViews(),
        onDidSendMessage({ event }: { event?: string }) {
          if (event === "stopped") void dumps.opened(session);
        },
      }),
    }),
    vscode.commands.registerCommand("vmcore.dumps.open", (row: DumpRow) =>
      row.state === "open" ? showCrashDump() : open(row),
    ),
    vscode.commands.registerCommand("vmcore.dumps.close", async (row: DumpRow) => {
      const session = dumps.session(row);
      // Without a session stopDebugging() stops all sessions, those of other debuggers too.
      if (session) await vscode.debug.stopDebugging(session);
    }),
    vscode.commands.registerCommand("vmcore.dumps.forget", (row: DumpRow) => dumps.forget(row)),
  ];
}

const open = ({ vmcore }: DumpRow): Thenable<unknown> => {
  const files = vmcore.map((path) => vscode.Uri.file(path));
  return vscode.commands.executeCommand("vmcore.open", files[0], files);
};

const filesExist = (vmcore: readonly string[]): boolean => vmcore.every((path) => existsSync(path));

class Dumps implements vscode.TreeDataProvider<DumpRow>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly sessions = new Map<string, vscode.DebugSession>();
  private readonly memory: vscode.Memento;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(memory: vscode.Memento) {
    this.memory = memory;
  }

  private get list(): readonly Recent[] {
    return this.memory.get<readonly Recent[]>(KEY, []);
  }

  private async keep(list: readonly Recent[]): Promise<void> {
    await this.memory.update(KEY, list);
    this.changed.fire();
  }

  session({ vmcore }: DumpRow): vscode.DebugSession | undefined {
    return this.sessions.get(keyOf(vmcore));
  }

  /** Adds the dump of a session that stopped; but not a running kernel or guest, which cannot be opened again. */
  async opened(session: vscode.DebugSession): Promise<void> {
    const about = await askUnlessRefused(session, "vmcore/about", {});
    if (!about || !isKept(about.vmcore, existsSync)) return;
    this.sessions.set(keyOf(about.vmcore), session);
    await this.keep(withDump(this.list, about, Date.now()));
  }

  /** Removes a session that ended. */
  closed({ id }: vscode.DebugSession): void {
    for (const [key, session] of this.sessions) if (session.id === id) this.sessions.delete(key);
    this.changed.fire();
  }

  forget({ vmcore }: DumpRow): Promise<void> {
    return this.keep(withoutDump(this.list, vmcore));
  }

  getChildren(row?: DumpRow): DumpRow[] {
    if (row) return [];
    return [...dumpRows(this.list, this.sessions, filesExist)];
  }

  getTreeItem(row: DumpRow): vscode.TreeItem {
    const item = new vscode.TreeItem(row.label);
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.contextValue = row.state;
    item.iconPath = new vscode.ThemeIcon({ open: "debug-alt", closed: "file-binary", missing: "warning" }[row.state]);
    if (row.state !== "missing")
      item.command = { command: "vmcore.dumps.open", title: vscode.l10n.t("Open"), arguments: [row] };
    return item;
  }

  dispose(): void {
    this.changed.dispose();
  }
}
