/** Inline values in sources of a stopped frame. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import { lastUses } from "./expression.ts";
import { activeSession } from "./session.ts";

/** Maximum length of a value in characters. */
const MAX_VALUE = 60;

/** Registers inline values: arguments and locals of the frame after the lines that mention them. */
export const inlineValues = (): vscode.Disposable[] => [
  vscode.languages.registerInlineValuesProvider(["c", "cpp"], {
    async provideInlineValues(document, _viewPort, context) {
      const session = activeSession();
      if (!session) return [];
      const variables = await localsOf(session, context.frameId);
      const stop = Math.min(context.stoppedLocation.end.line, document.lineCount - 1);
      return lastUses((line) => document.lineAt(line).text, stop, variables).map(({ line, range, variable }) => {
        const place = new vscode.Range(line, range.start, line, range.end);
        return new vscode.InlineValueText(place, `${variable.name} = ${shorten(variable.value)}`);
      });
    },
  }),
];

async function localsOf(session: vscode.DebugSession, frameId: number): Promise<DebugProtocol.Variable[]> {
  const { scopes } = (await session.customRequest("scopes", { frameId })) as DebugProtocol.ScopesResponse["body"];
  const near = scopes.filter(
    ({ presentationHint }) => presentationHint === "arguments" || presentationHint === "locals",
  );
  const lists = await Promise.all(
    near.map(async ({ variablesReference }) => {
      const body = (await session.customRequest("variables", {
        variablesReference,
      })) as DebugProtocol.VariablesResponse["body"];
      return body.variables;
    }),
  );
  // Faults are shown in the Variables view only.
  return lists.flat().filter(({ value }) => !value.startsWith("<"));
}

const shorten = (value: string): string => (value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE - 1)}…` : value);
