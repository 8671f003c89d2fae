import * as vscode from "vscode";
import { TYPE, askUnlessRefused } from "./session.ts";

/** By build-id; paths alone. */
const KEY = "vmcore.chosenVmlinux";
/** Kernels beyond that which were chosen first are forgotten. */
const MAX_KERNELS = 100;

type Chosen = Readonly<Record<string, string>>;

/** Each vmlinux that the user chose by hand, by the build-id of its kernel. */
export const chosenVmlinux = (context: vscode.ExtensionContext): Chosen => context.globalState.get<Chosen>(KEY, {});

/** Remembers a vmlinux that was chosen by hand once a dump is open with it, for the next dump of that kernel. */
export const rememberVmlinux = (context: vscode.ExtensionContext): vscode.Disposable[] => [
  vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
    createDebugAdapterTracker: (session) => ({
      onDidSendMessage({ event }: { event?: string }) {
        const { isChosen, force } = session.configuration as { isChosen?: unknown; force?: unknown };
        // What does not match is the user's choice for this dump alone.
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
