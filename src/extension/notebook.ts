/** Crash notebooks (`.crashnb`): Markdown files whose `crash` fences are cells that run in the open session. */
import * as vscode from "vscode";
import type { Block } from "../document/block.ts";
import { blocksOf, markdownOf } from "../document/markdown.ts";
import { inWorkspace } from "./documents/saveReport.ts";
import { activeSession, ask, askUntil, sessionCommand } from "./session.ts";

const TYPE = "vmcore-notebook";
/** Language id of the cells with commands. */
const LANGUAGE = "crash";
const TEXT = "text/plain";

/** Registers the notebook's file format, its controller and its commands. */
export function notebook(): vscode.Disposable[] {
  const controller = vscode.notebooks.createNotebookController("vmcore.commands", TYPE, "Crash Dump");
  controller.supportedLanguages = [LANGUAGE];
  controller.supportsExecutionOrder = true;
  controller.description = vscode.l10n.t("Commands run in the active crash dump session");
  let order = 0;
  /** The runs of cells that have not ended. A second run can begin before the first ended. */
  const runs = new Set<{
    readonly document: vscode.NotebookDocument;
    readonly cancel: vscode.CancellationTokenSource;
  }>();
  controller.executeHandler = async (cells, document) => {
    const run = { document, cancel: new vscode.CancellationTokenSource() };
    runs.add(run);
    for (const cell of cells) if (!(await execute(controller, cell, ++order, run.cancel.token))) break;
    runs.delete(run);
  };
  controller.interruptHandler = (document) => {
    for (const run of runs) if (run.document === document) run.cancel.cancel();
  };
  return [
    controller,
    vscode.workspace.registerNotebookSerializer(TYPE, serializer, { transientOutputs: false }),
    vscode.commands.registerCommand("vmcore.newNotebook", newNotebook),
    sessionCommand("vmcore.exportNotebook", exportNotebook),
    sessionCommand("vmcore.copySession", copySession),
  ];
}

const serializer: vscode.NotebookSerializer = {
  deserializeNotebook: (bytes) => new vscode.NotebookData(cellsOf(blocksOf(new TextDecoder().decode(bytes)))),
  serializeNotebook: ({ cells }) => new TextEncoder().encode(markdownOf(cells.flatMap(blocksOfCell))),
};

/** Returns the cells of a document. Each heading begins a cell of text. */
function cellsOf(blocks: readonly Block[]): vscode.NotebookCellData[] {
  const cells: vscode.NotebookCellData[] = [];
  for (const block of blocks) {
    if (block.kind === "command") {
      const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, block.lines, LANGUAGE);
      if (block.output !== undefined) cell.outputs = [outputOf(block.output)];
      cells.push(cell);
      continue;
    }
    const last = cells.at(-1);
    const text = markdownOf([block]).trimEnd();
    if (block.kind === "text" && last?.kind === vscode.NotebookCellKind.Markup) last.value += `\n\n${text}`;
    else cells.push(new vscode.NotebookCellData(vscode.NotebookCellKind.Markup, text, "markdown"));
  }
  return cells;
}

function blocksOfCell({ kind, value, outputs }: vscode.NotebookCellData): Block[] {
  if (kind === vscode.NotebookCellKind.Markup) return blocksOf(value);
  const items = outputs?.flatMap((output) => output.items) ?? [];
  const output = items.map(({ data }) => new TextDecoder().decode(data)).join("\n");
  return [{ kind: "command", lines: value, output: items.length === 0 ? undefined : output }];
}

const outputOf = (text: string): vscode.NotebookCellOutput =>
  new vscode.NotebookCellOutput([vscode.NotebookCellOutputItem.text(text, TEXT)]);

/** The output of a cell that the user interrupted. */
const INTERRUPTED = vscode.l10n.t("The cell was interrupted; run it again for its output.");

/** Runs a cell. @returns whether the cells after it may run */
async function execute(
  controller: vscode.NotebookController,
  cell: vscode.NotebookCell,
  order: number,
  token: vscode.CancellationToken,
): Promise<boolean> {
  const execution = controller.createNotebookCellExecution(cell);
  execution.executionOrder = order;
  execution.start(Date.now());
  const session = activeSession();
  try {
    if (!session) throw new Error("no crash dump is open: open one, then run the cell again");
    const { text, answered } = await askUntil(token, session, "vmcore/runCell", { lines: cell.document.getText() });
    await execution.replaceOutput(outputOf(text));
    execution.end(answered, Date.now());
    return answered;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await execution.replaceOutput(outputOf(token.isCancellationRequested ? INTERRUPTED : message));
    execution.end(false, Date.now());
    return false;
  }
}

const FIRST_CELLS: readonly Block[] = [
  { kind: "heading", level: 1, text: vscode.l10n.t("Crash notebook") },
  { kind: "text", text: vscode.l10n.t("Text is Markdown. Cells run commands and C expressions in the open session.") },
  { kind: "command", lines: "analyze", output: undefined },
];

const newNotebook = (): Promise<void> => show(FIRST_CELLS);

async function show(blocks: readonly Block[]): Promise<void> {
  const document = await vscode.workspace.openNotebookDocument(TYPE, new vscode.NotebookData(cellsOf(blocks)));
  await vscode.window.showNotebookDocument(document);
}

/** Saves the notebook in front as an HTML page or as Markdown. */
async function exportNotebook(session: vscode.DebugSession): Promise<void> {
  const document = vscode.window.activeNotebookEditor?.notebook;
  if (document?.notebookType !== TYPE) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a crash notebook (.crashnb) first."));
    return;
  }
  const cells = document.getCells().map((cell) => {
    const data = new vscode.NotebookCellData(cell.kind, cell.document.getText(), cell.document.languageId);
    data.outputs = [...cell.outputs];
    return data;
  });
  const markdown = markdownOf(cells.flatMap(blocksOfCell));
  const uri = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Export Notebook as Crash Report"),
    filters: { "HTML Page": ["html"], Markdown: ["md"] },
    ...inWorkspace("crash-report.html"),
  });
  if (!uri) return;
  const text = /\.html?$/i.test(uri.path) ? (await ask(session, "vmcore/page", { markdown })).text : markdown;
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
}

/** Copies the lines that ran in the Debug Console with their outputs. */
async function copySession(session: vscode.DebugSession): Promise<void> {
  const { text, commands } = await ask(session, "vmcore/transcript", {});
  if (commands === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t("No command ran in the Debug Console of this session yet."),
    );
    return;
  }
  await vscode.env.clipboard.writeText(text);
  const open = vscode.l10n.t("Open as Notebook");
  const count = commands === 1 ? vscode.l10n.t("1 command") : vscode.l10n.t("{0} commands", commands);
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t("Copied {0} with output, as the Markdown of a crash notebook.", count),
    open,
  );
  if (answer === open) await show(blocksOf(text));
}
