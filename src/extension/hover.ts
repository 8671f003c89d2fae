/** Hovers for addresses and identifiers of kernel C. */
import { relative, isAbsolute } from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import { addressAt, expressionAt, typeAt } from "./expression.ts";
import { identifierAt } from "./identifier.ts";
import { isServed } from "./languageClient.ts";
import { activeSession, askUnlessRefused, focusedFrame } from "./session.ts";

/**
 * Registers hovers that describe an address in any text, and identifiers of kernel C in the open dump. VS Code's own
 * debug hover only works in the file of the stopped frame.
 */
export const hover = (): vscode.Disposable[] => [
  vscode.languages.registerHoverProvider("*", {
    async provideHover(document, position) {
      const session = activeSession();
      const range = addressAt(document.lineAt(position.line).text, position.character);
      // The language server has better hovers for a log.
      if (!session || !range || isServed(document)) return undefined;
      const place = new vscode.Range(position.line, range.start, position.line, range.end);
      const args: DebugProtocol.EvaluateArguments = { expression: document.getText(place), context: "hover" };
      const frameId = focusedFrame(session);
      if (frameId !== undefined) args.frameId = frameId;
      // The adapter refuses a number that only looks like an address.
      const refused = (): undefined => undefined;
      const answer: unknown = await session.customRequest("evaluate", args).then(undefined, refused);
      if (answer === undefined) return undefined;
      const { result } = answer as DebugProtocol.EvaluateResponse["body"];
      return new vscode.Hover(new vscode.MarkdownString().appendCodeblock(result, "c"), place);
    },
  }),
  vscode.languages.registerHoverProvider(["c", "cpp"], {
    async provideHover(document, { line, character }) {
      const session = activeSession();
      const found = identifierAt((at) => document.lineAt(at).text, line, character);
      if (!session || !found || !(await isKernelSource(session, document))) return undefined;
      const identifier = { ...found.identifier, frameId: focusedFrame(session) };
      const text = (await askUnlessRefused(session, "vmcore/identifier", identifier))?.text;
      if (!text) return undefined;
      const markdown = new vscode.MarkdownString().appendCodeblock(text.code.join("\n"), "c");
      for (const note of text.notes) markdown.appendText(`${note}\n`);
      return new vscode.Hover(markdown, new vscode.Range(line, found.range.start, line, found.range.end));
    },
  }),
];

/** The source trees of each session. */
const roots = new WeakMap<vscode.DebugSession, Thenable<readonly string[] | undefined>>();

/**
 * Whether a file is in the source trees of the session, because C files of other projects do not belong to the kernel.
 */
async function isKernelSource(session: vscode.DebugSession, { uri }: vscode.TextDocument): Promise<boolean> {
  // Sources that the adapter provides belong to the session.
  if (uri.scheme === "debug") return true;
  if (uri.scheme !== "file") return false;
  let known = roots.get(session);
  if (!known) {
    known = askUnlessRefused(session, "vmcore/about", {}).then((about) => about?.sourceRoots.map(({ path }) => path));
    roots.set(session, known);
  }
  const trees = await known;
  if (!trees) roots.delete(session);
  return (trees ?? []).some((root) => {
    const path = relative(root, uri.fsPath);
    return !path.startsWith("..") && !isAbsolute(path);
  });
}

/** Registers the expressions for debug hovers: C expressions, and addresses in any text. */
export const evaluatable = (): vscode.Disposable[] => [
  vscode.languages.registerEvaluatableExpressionProvider("*", {
    provideEvaluatableExpression(document, position) {
      const text = document.lineAt(position.line).text;
      const range = typeAt(text, position.character) ?? expressionAt(text, position.character);
      if (!range) return undefined;
      const place = new vscode.Range(position.line, range.start, position.line, range.end);
      return new vscode.EvaluatableExpression(place, asC(document.getText(place)));
    },
  }),
];

/** Adds `0x` to an address as logs print it, such as `ffff8ef68526c180`. */
const asC = (text: string): string => (/^[0-9a-f]{8}`?[0-9a-f]{8}$/i.test(text) ? `0x${text.replace("`", "")}` : text);
