/** What a click on the evidence of a verdict does: a frame, a command in the Debug Console. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import { goTo } from "./addresses.ts";
import { ask, focusedFrame } from "./session.ts";

/** Number of milliseconds until the editor has followed the selection of a task. */
const FOLLOWED_MS = 1500;

/**
 * Selects the thread of a task in the Call Stack view, and shows the code of the frame if it is known.
 * @param task address of the `task_struct`
 * @param pc address of the frame's code; 0x0 if it is not known
 */
export async function goToFrame(session: vscode.DebugSession, task: string, pc: string): Promise<void> {
  const followed = stackFocus();
  await ask(session, "vmcore/select", { task });
  await followed;
  if (BigInt(pc) !== 0n) await goTo(session, pc);
}

/** Waits until the editor has selected a stack frame, at most `FOLLOWED_MS`. */
function stackFocus(): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      clearTimeout(timer);
      changed.dispose();
      done();
    };
    const timer = setTimeout(end, FOLLOWED_MS);
    const changed = vscode.debug.onDidChangeActiveStackItem(end);
  });
}

/** Shows the Debug Console, runs a command in it, and prints what it answers. */
export async function runInConsole(session: vscode.DebugSession, line: string): Promise<void> {
  await vscode.commands.executeCommand("workbench.panel.repl.view.focus");
  vscode.debug.activeDebugConsole.appendLine(`> ${line}`);
  const frameId = focusedFrame(session);
  const args: DebugProtocol.EvaluateArguments = { expression: line, context: "repl", ...(frameId && { frameId }) };
  const { result } = (await session.customRequest("evaluate", args)) as DebugProtocol.EvaluateResponse["body"];
  // A long output has been sent already, in portions.
  if (result !== "") vscode.debug.activeDebugConsole.appendLine(result);
}
