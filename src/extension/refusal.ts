/** Explains why a dump was not opened. */
import { basename } from "node:path";
import * as vscode from "vscode";
import type { RefusedVmlinux } from "../protocol/custom.ts";
import { TYPE } from "./session.ts";
import { pickVmlinux } from "./vmlinuxChoice.ts";

interface Failure {
  readonly type: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: { readonly error?: { readonly variables?: Partial<RefusedVmlinux> } };
}

/**
 * Registers a message that says why a dump was not opened and what to do. VS Code's own message offers to open
 * launch.json.
 */
export const refusal = (): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker: (session) => ({
      onDidSendMessage({ type, command, success, message = "", body }: Failure) {
        if (type !== "response" || success !== false || (command !== "launch" && command !== "attach")) return;
        if (message === "cancelled") return;
        const { reason, canForce } = body?.error?.variables ?? {};
        if (reason === undefined) void sayRefusal(session, message);
        else void offerOtherVmlinux(session, reason, canForce === "true");
      },
    }),
  }),
];

async function sayRefusal({ configuration }: vscode.DebugSession, message: string): Promise<void> {
  const names = [configuration["vmcore"] as unknown].flat().filter((path) => typeof path === "string");
  const title = vscode.l10n.t("{0} was not opened.", basename(names[0] ?? vscode.l10n.t("The crash dump")));
  const other = vscode.l10n.t("Open Another Dump…");
  const answer = await vscode.window.showErrorMessage(title, { modal: true, detail: sentence(plain(message)) }, other);
  if (answer === other) await vscode.commands.executeCommand("vmcore.open");
}

/** Offers another vmlinux. The dump can also be opened without one. */
async function offerOtherVmlinux(session: vscode.DebugSession, reason: string, canForce: boolean): Promise<void> {
  const { configuration, workspaceFolder } = session;
  const again = (more: object): Thenable<boolean> =>
    vscode.debug.startDebugging(workspaceFolder, { ...configuration, ...more });
  const path = String(configuration["vmlinux"]);
  const title = vscode.l10n.t("{0} does not fit the dump.", basename(path));
  const [without, choose, anyway] = [
    vscode.l10n.t("Open Without It"),
    vscode.l10n.t("Choose…"),
    vscode.l10n.t("Use Anyway"),
  ];
  const detail = sentence(reason);
  const ways = [without, choose, ...(canForce ? [anyway] : [])];
  const answer = await vscode.window.showErrorMessage(title, { modal: true, detail }, ...ways);
  if (answer === without) await again({ vmlinux: undefined });
  if (answer === anyway) await again({ force: true });
  if (answer !== choose) return;
  const chosen = await pickVmlinux(vscode.Uri.file(path));
  if (chosen) await again({ vmlinux: chosen.fsPath, isChosen: true });
}

/** Undoes the doubling of braces by which the adapter keeps them out of the variables of DAP's message format. */
const plain = (message: string): string => message.replace(/([{}])\1/g, "$1");

/** Formats a message as a sentence. */
const sentence = (message: string): string => `${message.replace(/\.$/, "")}.`;
