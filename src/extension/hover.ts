import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import { addressAt } from "./expression.ts";
import { isServed } from "./languageClient.ts";
import { activeSession, focusedFrame } from "./session.ts";

/** Says what an address in any text stands for; VS Code's debug hover serves the stopped frame's own file alone. */
export const hover = (): vscode.Disposable[] => [
  vscode.languages.registerHoverProvider("*", {
    async provideHover(document, position) {
      const session = activeSession();
      const range = addressAt(document.lineAt(position.line).text, position.character);
      // The language server knows the words of a log better.
      if (!session || !range || isServed(document)) return undefined;
      const place = new vscode.Range(position.line, range.start, position.line, range.end);
      const args: DebugProtocol.EvaluateArguments = { expression: document.getText(place), context: "hover" };
      const frameId = focusedFrame(session);
      if (frameId !== undefined) args.frameId = frameId;
      try {
        const { result } = (await session.customRequest("evaluate", args)) as DebugProtocol.EvaluateResponse["body"];
        return new vscode.Hover(new vscode.MarkdownString().appendCodeblock(result, "c"), place);
      } catch {
        // A number that only looks like an address has nothing to say.
        return undefined;
      }
    },
  }),
];
