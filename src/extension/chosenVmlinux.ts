/** Remembers which vmlinux the user chose for which kernel. */
import * as vscode from "vscode";
import { TYPE, askUnlessRefused } from "./session.ts";

/** Key of the stored choices: path by build ID. */
const KEY = "vmcore.chosenVmlinux";
/** Maximum number of kernels. The oldest choice is dropped. */
const MAX_KERNELS = 100;

type Chosen = Readonly<Record<string, string>>;

/** Returns the path of each vmlinux that the user chose by hand, by the build ID of its kernel. */
export const chosenVmlinux = (context: vscode.ExtensionContext): Chosen => context.globalState.get<Chosen>(KEY, {});

/** Remembers a vmlinux that the user chose, once a dump is open with it, for later dumps of that kernel. */
export const rememberVmlinux = (context: vscode.ExtensionContext): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker: (session) => ({
      onDidSendMessage({ event }: { event?: string }) {
        const { isChosen, force } = session.configuration as { isChosen?: unknown; force?: unknown };
        // A forced vmlinux does not match the dump; it is used for this dump only.
        if (event === "stopped" && isChosen === true && force !== true) void remember(context, session);
      },
    }),
  }),
];

async function remember(context: vscode.ExtensionContext, session: vscode.DebugSession): Promise<void> {
  const { vmlinux, vmlinuxBuildId } = (await askUnlessRefused(session, "vmcore/about", {})) ?? {};
  if (vmlinux === undefined || vmlinuxBuildId === undefined) return;
  const { [vmlinuxBuildId]: _, ...others } = chosenVmlinux(context);
  const newest = [...Object.entries(others), [vmlinuxBuildId, vmlinux] as const].slice(-MAX_KERNELS);
  await context.globalState.update(KEY, Object.fromEntries(newest));
}
