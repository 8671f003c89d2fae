/** The status bar item of a session. */
import * as vscode from "vscode";
import type { About } from "../protocol/custom.ts";
import { shortTitle, titleOf } from "./dumpName.ts";
import { TYPE, activeSession, askUnlessRefused } from "./session.ts";

/**
 * Registers the status bar item: kernel, debuginfo, crash. Its menu has the session's commands. The crash is last, because
 * VS Code cuts the end of a long item, and the Crash Dump panel has the crash as its title.
 */
export function status(): vscode.Disposable[] {
  const item = vscode.window.createStatusBarItem("vmcore.status", vscode.StatusBarAlignment.Left, 20);
  item.name = "Kernel Crash Dump";
  item.command = "vmcore.menu";
  const known = new Map<string, About>();
  const show = (): void => {
    const about = known.get(activeSession()?.id ?? "");
    if (!about) return item.hide();
    item.text = `$(bug) ${[about.release, debuginfo(about), shortTitle(about)].filter(Boolean).join("  ·  ")}`;
    item.tooltip = tooltip(about);
    item.show();
  };
  const learn = async (session: vscode.DebugSession): Promise<void> => {
    const about = await askUnlessRefused(session, "vmcore/about", {});
    if (!about) return;
    known.set(session.id, about);
    show();
  };
  return [
    item,
    vscode.commands.registerCommand("vmcore.menu", () => menu(known.get(activeSession()?.id ?? ""))),
    vscode.debug.onDidChangeActiveDebugSession(show),
    vscode.debug.onDidTerminateDebugSession((session) => {
      known.delete(session.id);
      show();
    }),
    vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
      createDebugAdapterTracker: (session) => ({
        onDidSendMessage(message: { event?: string }) {
          if (message.event === "stopped" || message.event === "invalidated") void learn(session);
        },
      }),
    }),
  ];
}

const debuginfo = ({ vmlinux, types, symbols, noVmlinux }: About): string => {
  if (vmlinux !== undefined) return "vmlinux";
  if (noVmlinux) return "no vmlinux found";
  if (types.length > 0) return "no vmlinux";
  return symbols.length > 0 ? "symbols only" : "no symbols";
};

function tooltip(about: About): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const rows: [string, string][] = [
    ["Dump", about.vmcore.join(", ")],
    ["Format", about.format],
    ["Kernel", `${about.release ?? "unknown"} (${about.machine})`],
    ["Panic", about.title ?? about.untitled ?? "none"],
    ["vmlinux", about.vmlinux ?? about.noVmlinux?.sentence ?? "not given"],
    ["Types", about.types.join(", ") || "none"],
    ["Symbols", about.symbols.join(", ") || "none"],
    [
      "Sources",
      about.sourceRoots.map(({ path, version }) => (version ? `${path} (${version})` : path)).join(", ") || "none",
    ],
  ];
  for (const [name, value] of rows) text.appendMarkdown(`**${name}**\u2003`).appendText(value).appendMarkdown("\n\n");
  for (const sentence of about.limitations) text.appendText(sentence).appendMarkdown("\n\n");
  return text;
}

interface Entry extends vscode.QuickPickItem {
  readonly command?: string;
}

async function menu(about: About | undefined): Promise<void> {
  const entries: Entry[] = [
    { label: "$(list-tree) Select Task…", command: "vmcore.selectTask" },
    { label: "$(symbol-method) Go to Address or Symbol…", command: "vmcore.goTo" },
    { label: "$(file-binary) View Memory at Address…", command: "vmcore.viewMemory" },
    { label: "$(code) Disassemble Function…", command: "vmcore.disassemble" },
    { label: "$(copy) Copy Stack as Markdown", command: "vmcore.copyStackAsMarkdown" },
    { label: "$(save) Save Crash Report…", command: "vmcore.saveReport" },
    { label: "$(diff) Compare with Another Dump…", command: "vmcore.compare" },
    { label: "$(copy) Copy Session", command: "vmcore.copySession" },
    { label: "$(notebook) New Crash Notebook", command: "vmcore.newNotebook" },
    { label: "$(symbol-misc) Debug Symbols", command: "vmcore.debugSymbols" },
    { label: "$(terminal) Debug Console", command: "workbench.debug.action.toggleRepl" },
    { label: "$(output) Show Adapter Log", command: "vmcore.showLog" },
    { label: "$(debug-restart) Open Again", command: "workbench.action.debug.restart" },
    { label: "$(debug-stop) Close Crash Dump", command: "workbench.action.debug.stop" },
  ];
  const title = about ? `${about.release ?? "Kernel"}: ${titleOf(about)}` : "Kernel crash dump";
  const choice = await vscode.window.showQuickPick(entries, { title });
  if (choice?.command) await vscode.commands.executeCommand(choice.command);
}
