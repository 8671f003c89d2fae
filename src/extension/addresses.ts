/** Commands that go to an address or a symbol. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import type { SymbolHit } from "../protocol/custom.ts";
import { ask, focusedFrame, sessionCommand } from "./session.ts";
import { showMemory } from "./panel/openMemory.ts";
import { sourceUri } from "./documents/storedSources.ts";

/** Maximum number of symbols in the list. */
const MAX_HITS = 200;

/** Registers the commands that go to an address or a symbol. */
export const addresses = (): vscode.Disposable[] => [
  sessionCommand("vmcore.goTo", async (session, text) => {
    const wanted =
      typeof text === "string"
        ? text
        : await pickSymbol(session, vscode.l10n.t("Address, symbol or expression to go to"));
    if (wanted !== undefined) await goTo(session, wanted);
  }),
  sessionCommand("vmcore.viewMemory", async (session, item) => {
    const wanted =
      referenceOf(item) ??
      (await pickSymbol(session, vscode.l10n.t("Address, symbol or expression to show memory at")));
    if (wanted === undefined) return;
    const { address } = await ask(session, "vmcore/resolve", { text: wanted, frameId: focusedFrame(session) });
    await showMemory(session, address);
  }),
  sessionCommand("vmcore.disassemble", async (session, text) => {
    const wanted =
      typeof text === "string" ? text : await pickSymbol(session, vscode.l10n.t("Function to disassemble"));
    if (wanted === undefined) return;
    const { address } = await ask(session, "vmcore/resolve", { text: wanted, frameId: focusedFrame(session) });
    await showDisassembly(session, address);
  }),
];

/** Opens the source of the address, else its instructions, else its memory. */
export async function goTo(session: vscode.DebugSession, text: string): Promise<void> {
  const place = await ask(session, "vmcore/resolve", { text, frameId: focusedFrame(session) });
  if (place.path !== undefined) {
    const line = Math.max(0, (place.line ?? 1) - 1);
    const options = { selection: new vscode.Range(line, 0, line, 0) };
    await vscode.window.showTextDocument(sourceUri(place.path), options);
  } else if (place.code) await showDisassembly(session, place.address);
  else await showMemory(session, place.address);
}

/**
 * Returns the address of a row of the Variables view, or the string that another command passed; undefined if the row
 * has none.
 */
function referenceOf(item: unknown): string | undefined {
  if (typeof item === "string") return item;
  return (item as { variable?: DebugProtocol.Variable } | undefined)?.variable?.memoryReference;
}

async function showDisassembly(session: vscode.DebugSession, address: string): Promise<void> {
  const { source, line } = await ask(session, "vmcore/disassembly", { address });
  const uri = vscode.debug.asDebugSourceUri(source, session);
  const place = new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.window.showTextDocument(uri, { selection: place });
}

interface Item extends vscode.QuickPickItem {
  readonly text: string;
}

/**
 * Lets the user pick a symbol; resolves to undefined if the user cancels. A text that is not a symbol is returned as
 * typed.
 */
function pickSymbol(session: vscode.DebugSession, placeholder: string): Promise<string | undefined> {
  const box = vscode.window.createQuickPick<Item>();
  box.placeholder = placeholder;
  box.matchOnDescription = true;
  let asked = 0;
  box.onDidChangeValue(async (value) => {
    const mine = ++asked;
    const contains = value.trim();
    const { symbols } =
      contains === "" ? { symbols: [] } : await ask(session, "vmcore/symbols", { contains, limit: MAX_HITS });
    if (mine !== asked) return;
    const asTyped: Item[] =
      contains === ""
        ? []
        : [{ label: contains, description: vscode.l10n.t("as typed"), text: contains, alwaysShow: true }];
    const hits = symbols.map(symbolItem);
    // A text with an operator or a leading digit is an expression, so the typed text comes first.
    box.items = /^[A-Za-z_.]\w*$/.test(contains) ? [...hits, ...asTyped] : [...asTyped, ...hits];
  });
  return new Promise((resolve) => {
    box.onDidAccept(() => {
      resolve(box.selectedItems[0]?.text ?? (box.value.trim() || undefined));
      box.hide();
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

const symbolItem = ({ name, address, type, module }: SymbolHit): Item => ({
  label: `${/^[tTwW]$/.test(type) ? "$(symbol-method)" : "$(symbol-variable)"} ${name}`,
  description: module === undefined ? address : `${address} [${module}]`,
  text: address,
});
