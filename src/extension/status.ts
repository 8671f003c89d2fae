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
  item.name = vscode.l10n.t("Kernel Crash Dump");
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
    [vscode.l10n.t("Dump"), about.vmcore.join(", ")],
    [vscode.l10n.t("Format"), about.format],
    [vscode.l10n.t("Kernel"), `${about.release ?? vscode.l10n.t("unknown")} (${about.machine})`],
    [vscode.l10n.t("Panic"), about.title ?? about.untitled ?? vscode.l10n.t("none")],
    ["vmlinux", about.vmlinux ?? about.noVmlinux?.sentence ?? vscode.l10n.t("not given")],
    [vscode.l10n.t("Types"), about.types.join(", ") || vscode.l10n.t("none")],
    [vscode.l10n.t("Symbols"), about.symbols.join(", ") || vscode.l10n.t("none")],
    [
      vscode.l10n.t("Sources"),
      about.sourceRoots.map(({ path, version }) => (version ? `${path} (${version})` : path)).join(", ") ||
        vscode.l10n.t("none"),
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
    { label: `$(list-tree) ${vscode.l10n.t("Select Task…")}`, command: "vmcore.selectTask" },
    { label: `$(symbol-method) ${vscode.l10n.t("Go to Address or Symbol…")}`, command: "vmcore.goTo" },
    { label: `$(file-binary) ${vscode.l10n.t("View Memory at Address…")}`, command: "vmcore.viewMemory" },
    { label: `$(code) ${vscode.l10n.t("Disassemble Function…")}`, command: "vmcore.disassemble" },
    { label: `$(copy) ${vscode.l10n.t("Copy Stack as Markdown")}`, command: "vmcore.copyStackAsMarkdown" },
    { label: `$(save) ${vscode.l10n.t("Save Crash Report…")}`, command: "vmcore.saveReport" },
    { label: `$(diff) ${vscode.l10n.t("Compare with Another Dump…")}`, command: "vmcore.compare" },
    { label: `$(copy) ${vscode.l10n.t("Copy Session")}`, command: "vmcore.copySession" },
    { label: `$(notebook) ${vscode.l10n.t("New Crash Notebook")}`, command: "vmcore.newNotebook" },
    { label: `$(symbol-misc) ${vscode.l10n.t("Debug Symbols")}`, command: "vmcore.debugSymbols" },
    { label: `$(terminal) ${vscode.l10n.t("Debug Console")}`, command: "workbench.debug.action.toggleRepl" },
    { label: `$(output) ${vscode.l10n.t("Show Adapter Log")}`, command: "vmcore.showLog" },
    { label: `$(debug-restart) ${vscode.l10n.t("Open Again")}`, command: "workbench.action.debug.restart" },
    { label: `$(debug-stop) ${vscode.l10n.t("Close Crash Dump")}`, command: "workbench.action.debug.stop" },
  ];
  const title = about
    ? `${about.release ?? vscode.l10n.t("Kernel")}: ${titleOf(about)}`
    : vscode.l10n.t("Kernel crash dump");
  const choice = await vscode.window.showQuickPick(entries, { title });
  if (choice?.command) await vscode.commands.executeCommand(choice.command);
}
