import * as vscode from "vscode";
import type { CustomEvents } from "../protocol/custom.ts";
import { TYPE } from "./session.ts";

/** What an adapter asks the user before it goes on; closing the dialog means no. */
export function questions(): vscode.Disposable[] {
  return [
    vscode.debug.onDidReceiveDebugSessionCustomEvent(async ({ session, event, body }) => {
      if (session.type !== TYPE || event !== "vmcore/ask") return;
      const { id, question } = body as CustomEvents["vmcore/ask"];
      const yes = "Continue";
      const answer = await vscode.window.showWarningMessage(question, { modal: true }, yes);
      await session.customRequest("vmcore/answer", { id, yes: answer === yes });
    }),
  ];
}
