/** The answers of the extension to requests of pages. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import type { LinkKind, PageRequests, Variable } from "../../protocol/panel.ts";
import { goTo } from "../addresses.ts";
import { goToFrame, runInConsole } from "../evidence.ts";
import { ask, focusedFrame } from "../session.ts";
import { sourceUri } from "../documents/storedSources.ts";
import { showMemory } from "./openMemory.ts";

/** The page that sends a request: its session, and what it may open. */
export interface RequestingPage {
  /** @throws Error when the session has ended or there is none */
  session(): vscode.DebugSession;
  reopen(dump: readonly string[]): Thenable<unknown>;
  openPage(id: string): void;
  openTable(line: string): void;
  openObject(text: string, beside: boolean): Thenable<void>;
}

/** Returns the text of the hover for a link. */
async function explain(front: vscode.DebugSession, text: string, kind: LinkKind): Promise<string> {
  if (kind === "task" && !text.startsWith("0x")) return rowText(front, `ps ${text}`, "pid", Number(text));
  if (kind === "module") return rowText(front, "mod", "name", text);
  if (kind === "object") return vscode.l10n.t("Open {0}", text);
  if (kind === "log") return vscode.l10n.t("Show this line of the log");
  if (kind === "command") return vscode.l10n.t("Run {0} in the Debug Console", text);
  if (kind === "instruction") return explain(front, text, "place");
  if (kind === "frame") return frameText(front, text);
  if (kind === "table") return vscode.l10n.t("Rows of {0}", text);
  if (kind === "source") {
    const { file, line } = sourcePlace(text);
    const { path } = await ask(front, "vmcore/sourceFile", { file });
    return path === undefined ? noSourceText(file) : `${path}:${line}`;
  }
  const { described } = await ask(front, "vmcore/describe", { places: [{ text, returns: false }] });
  const [found] = described;
  if (!found) return "";
  const head = [found.address, found.symbol, found.what].filter((part) => part !== undefined).join("  ");
  return [head, ...found.places.map((place) => `${place.function} at ${place.file}:${place.line}`)].join("\n");
}

/** Describes a frame: its task, and its code if that is known. */
async function frameText(front: vscode.DebugSession, text: string): Promise<string> {
  const [task = "", pc = "0x0"] = text.split(" ");
  const parts = [await explain(front, task, "place"), pc === "0x0" ? "" : await explain(front, pc, "place")];
  return parts.filter((part) => part !== "").join("\n");
}

/** Returns the row of a command's table whose column has this value, as text. */
async function rowText(front: vscode.DebugSession, line: string, column: string, value: unknown): Promise<string> {
  const [table] = (await ask(front, "vmcore/run", { line })).tables;
  const at = table?.columns.findIndex(({ name }) => name === column) ?? -1;
  const row = table?.rows.find((cells) => cells[at] === value);
  const words = row?.flatMap((cell, i) => {
    const name = table?.columns[i]?.name;
    return name === undefined || cell === null || typeof cell === "object" ? [] : [`${name}: ${cell}`];
  });
  return words?.join("  ") ?? "";
}

function sourcePlace(text: string): { readonly file: string; readonly line: number } {
  const [, file = "", line = "1"] = /^(.+):(\d{1,7})$/.exec(text) ?? [];
  return { file, line: Number(line) };
}

const noSourceText = (file: string): string =>
  vscode.l10n.t("{0} was not found on this machine. Set vmcore.kernelSource to the kernel's source tree.", file);

async function openSource(front: vscode.DebugSession, text: string): Promise<void> {
  const { file, line } = sourcePlace(text);
  const { path } = await ask(front, "vmcore/sourceFile", { file });
  if (path === undefined) throw new Error(noSourceText(file));
  const place = new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.window.showTextDocument(sourceUri(path), { selection: place });
}

type Evaluated = DebugProtocol.EvaluateResponse["body"];

const variable = ({ name, value, type, variablesReference, memoryReference }: DebugProtocol.Variable): Variable => ({
  name,
  value,
  type,
  reference: variablesReference,
  address: memoryReference,
});

/** The requests that a page may send. */
export const answers: {
  readonly [Name in keyof PageRequests]: (
    args: PageRequests[Name]["arguments"],
    page: RequestingPage,
  ) => Thenable<PageRequests[Name]["body"]>;
} = {
  run: async ({ line }, page) => ask(page.session(), "vmcore/run", { line }),
  stopRun: async (wanted, page) => ask(page.session(), "vmcore/stopRun", wanted),
  log: async (stretch, page) => ask(page.session(), "vmcore/kernelLog", stretch),
  verdict: async (wanted, page) => ask(page.session(), "vmcore/verdict", wanted),
  verdictSource: async (none, page) => ask(page.session(), "vmcore/verdictSource", none),
  verdictText: async (wanted, page) => ask(page.session(), "vmcore/verdictText", wanted),
  noVmlinux: async (none, page) => ({ notice: (await ask(page.session(), "vmcore/about", none)).noVmlinux ?? null }),
  getVmlinux: ({ how }) =>
    vscode.commands.executeCommand(how === "choose" ? "vmcore.chooseDebuginfo" : "vmcore.fetchDebuginfo"),
  fixes: async (wanted, page) => {
    if (!vscode.workspace.isTrusted)
      throw new Error(vscode.l10n.t("Git does not run in Restricted Mode. Trust the workspace first."));
    return ask(page.session(), "vmcore/fixes", wanted);
  },
  stopFixes: async (none, page) => ask(page.session(), "vmcore/stopFixes", none),
  identify: async ({ text }, page) => {
    const front = page.session();
    return ask(front, "vmcore/identify", { text, frameId: focusedFrame(front) });
  },
  words: async (wanted, page) => ask(page.session(), "vmcore/memory", wanted),
  explain: async ({ text, kind }, page) => ({ text: await explain(page.session(), text, kind) }),
  stacks: async ({ tasks }, page) => ask(page.session(), "vmcore/stacks", { tasks }),
  describe: async ({ places }, page) => ask(page.session(), "vmcore/describe", { places }),
  opcodes: async (code, page) => ask(page.session(), "vmcore/opcodes", code),
  openSource: async ({ text }, page) => openSource(page.session(), text),
  evaluate: async ({ expression }, page) => {
    const args: DebugProtocol.EvaluateArguments = { expression, context: "watch" };
    const { result, ...rest } = (await page.session().customRequest("evaluate", args)) as Evaluated;
    return variable({ ...rest, name: expression, value: result });
  },
  members: async ({ reference }, page) => {
    const args: DebugProtocol.VariablesArguments = { variablesReference: reference };
    const { variables } = (await page
      .session()
      .customRequest("variables", args)) as DebugProtocol.VariablesResponse["body"];
    return { variables: variables.map(variable) };
  },
  openObject: ({ text, beside = false }, page) => page.openObject(text, beside),
  openPage: (wanted, page) => Promise.resolve(page.openPage(wanted.page)),
  openTable: ({ line }, page) => Promise.resolve(page.openTable(line)),
  goTo: async ({ text }, page) => goTo(page.session(), text),
  goToFrame: async ({ task, pc }, page) => goToFrame(page.session(), task, pc),
  viewMemory: ({ address }, page) => showMemory(page.session(), address),
  disassemble: ({ address }) => vscode.commands.executeCommand("vmcore.disassemble", address),
  runInConsole: async ({ line }, page) => runInConsole(page.session(), line),
  selectTask: async ({ task }, page) => {
    const chosen = /^\d+$/.test(task) ? { threadId: Number(task) } : { task };
    await ask(page.session(), "vmcore/select", chosen);
    await vscode.commands.executeCommand("workbench.debug.action.focusCallStackView");
  },
  choosePage: () => vscode.commands.executeCommand("vmcore.showPanel"),
  showDebugSymbols: () => vscode.commands.executeCommand("vmcore.debugSymbols"),
  openDump: ({ sample }) => vscode.commands.executeCommand(sample ? "vmcore.openSample" : "vmcore.open"),
  reopen: async ({ dump }, page) => {
    await page.reopen(dump);
  },
  copy: async ({ text }) => {
    await vscode.env.clipboard.writeText(text);
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Copied")}`, 3000);
  },
  openDocument: async ({ text, language }) => {
    const document = await vscode.workspace.openTextDocument({ content: text, language });
    await vscode.window.showTextDocument(document, { preview: false });
  },
  save: async ({ text, name }) => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const options = folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {};
    const uri = await vscode.window.showSaveDialog(options);
    if (uri) await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  },
};
