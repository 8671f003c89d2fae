import * as vscode from "vscode";
import { expressionAt, typeAt } from "./expression.ts";

/** Says what a debug hover is about: C expressions, and addresses in any text. */
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

/** `ffff8ef68526c180`, as logs print addresses, becomes a C number. */
const asC = (text: string): string => (/^[0-9a-f]{8}`?[0-9a-f]{8}$/i.test(text) ? `0x${text.replace("`", "")}` : text);
