/** The command "Open as Table". */
import * as vscode from "vscode";
import { TYPE } from "../session.ts";

const KEY = "vmcore.tableLines";
/** Maximum number of lines that are remembered. */
const MAX_LINES = 30;

/** Lines that ran in the Debug Console of this window, newest first. */
let ran: readonly string[] = [];

const inFront = (line: string, lines: readonly string[]): string[] =>
  [line, ...lines.filter((one) => one !== line)].slice(0, MAX_LINES);

/** Records the lines that run in the Debug Console, and opens the last one as a table. */
export const tableLine = (): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker: () => ({
      onWillReceiveMessage({ command, arguments: args }: { command?: string; arguments?: Evaluation }) {
        const line = command === "evaluate" && args?.context === "repl" ? args.expression?.trim() : undefined;
        if (line) ran = inFront(line, ran);
      },
    }),
  }),
  vscode.commands.registerCommand("vmcore.openConsoleTable", () =>
    vscode.commands.executeCommand("vmcore.openTable", ran[0]),
  ),
];

interface Evaluation {
  readonly expression?: string;
  readonly context?: string;
}

interface Item extends vscode.QuickPickItem {
  readonly line: string;
}

/**
 * Asks the user for a command line: typed, or one that was shown as a table or ran in the console before. Resolves to
 * undefined if the user cancels.
 */
export function askForLine({ workspaceState }: vscode.ExtensionContext): Promise<string | undefined> {
  const shown = workspaceState.get<readonly string[]>(KEY, []);
  const before: Item[] = [
    ...ran.map((line) => ({ label: line, description: vscode.l10n.t("Debug Console"), line })),
    ...shown
      .filter((line) => !ran.includes(line))
      .map((line) => ({ label: line, description: vscode.l10n.t("shown earlier"), line })),
  ];
  const box = vscode.window.createQuickPick<Item>();
  box.title = vscode.l10n.t("Open a command's rows as a table");
  box.placeholder = vscode.l10n.t("Command of crash: kmem -s, ps -m, foreach user files, dev -i");
  box.items = before;
  box.onDidChangeValue((value) => {
    const line = value.trim();
    const typed =
      line === "" || before.some((one) => one.line === line) ? [] : [{ label: line, alwaysShow: true, line }];
    box.items = [...typed, ...before];
  });
  return new Promise((resolve) => {
    box.onDidAccept(() => {
      const line = box.selectedItems[0]?.line;
      if (line !== undefined) void workspaceState.update(KEY, inFront(line, shown));
      resolve(line);
      box.hide();
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}
