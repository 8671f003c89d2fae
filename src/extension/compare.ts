/** The command that compares the open dump with another one. */
import * as vscode from "vscode";
import type { About } from "../protocol/custom.ts";
import { showMarkdown } from "./documents/markdownDocument.ts";
import { crashName, dumpName } from "./dumpName.ts";
import { pickDump } from "./openDump.ts";
import { ask, askUnlessRefused, sessionCommand, TYPE } from "./session.ts";

/** The running sessions of this extension. */
const sessions = new Set<vscode.DebugSession>();

/** Registers "Compare with Another Dump…". */
export const compareDumps = (context: vscode.ExtensionContext): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker(session) {
      sessions.add(session);
      return undefined;
    },
  }),
  vscode.debug.onDidTerminateDebugSession((session) => sessions.delete(session)),
  // A row of the Crash Dumps view is the argument, if the command was chosen there.
  sessionCommand("vmcore.compare", (session, row) => compare(context, session, row as DumpFiles | undefined)),
];

/** The files of a dump. */
type DumpFiles = Pick<About, "vmcore"> & Partial<Pick<About, "vmlinux">>;

async function compare(
  context: vscode.ExtensionContext,
  session: vscode.DebugSession,
  chosen: DumpFiles | undefined,
): Promise<void> {
  const other = chosen ?? (await pickOther(session));
  if (!other) return;
  const { vmcore } = await ask(session, "vmcore/about", {});
  const { vmlinux } = other;
  try {
    const { text } = await ask(session, "vmcore/compare", {
      vmcore: other.vmcore,
      ...(vmlinux !== undefined && { vmlinux }),
    });
    const title = vscode.l10n.t("Comparison of {0} with {1}", dumpName(vmcore), dumpName(other.vmcore));
    await showMarkdown(context, title, text, "markdown.showPreview");
  } catch (error) {
    // The adapter answers so after the user stopped the progress.
    if (!(error instanceof Error && error.message === "cancelled")) throw error;
  }
}

/** Lets the user choose a dump: of another session, of the workspace, or any file. Undefined if the user cancels. */
async function pickOther(session: vscode.DebugSession): Promise<DumpFiles | undefined> {
  const others = [...sessions].filter(({ id }) => id !== session.id);
  const open = (await Promise.all(others.map((one) => askUnlessRefused(one, "vmcore/about", {})))).flatMap((about) =>
    about ? [{ label: `$(debug) ${crashName(about)}`, description: vscode.l10n.t("open"), files: about }] : [],
  );
  return pickDump(vscode.l10n.t("Crash dump to compare with"), vscode.l10n.t("Compare"), open);
}
