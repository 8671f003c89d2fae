import * as vscode from "vscode";
import type { PanelSession } from "../../protocol/panel.ts";
import { dumpName } from "../dumpName.ts";
import { TYPE, activeSession, askUnlessRefused } from "../session.ts";

/** Sessions of ours that have stopped, which means that their dump is open; and the one in front. */
export class PanelSessions implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly known = new Map<string, { readonly session: vscode.DebugSession; readonly shown: PanelSession }>();
  /** How dumps were opened, by their files: they are opened again in the same way. */
  private readonly launched = new Map<string, vscode.DebugSession>();
  private readonly registrations: vscode.Disposable[];
  readonly onDidChange = this.changed.event;

  constructor() {
    this.registrations = [
      this.changed,
      vscode.debug.onDidChangeActiveDebugSession(() => this.changed.fire()),
      vscode.debug.onDidTerminateDebugSession(({ id }) => {
        if (this.known.delete(id)) this.changed.fire();
      }),
      vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage: ({ event }: { event?: string }) => {
            if (event === "stopped" && !this.known.has(session.id)) void this.learn(session);
          },
        }),
      }),
    ];
  }

  get front(): PanelSession | undefined {
    return this.known.get(activeSession()?.id ?? "")?.shown;
  }

  get ids(): readonly string[] {
    return [...this.known.keys()];
  }

  /** A session that is open, or another that has the same dump open. */
  sameAs({ id, dump }: PanelSession): PanelSession | undefined {
    const others = [...this.known.values()].map(({ shown }) => shown);
    return this.known.get(id)?.shown ?? others.find((shown) => key(shown.dump) === key(dump));
  }

  shown(session: vscode.DebugSession): PanelSession | undefined {
    return this.known.get(session.id)?.shown;
  }

  /** @throws Error when it has ended */
  session(id: string | undefined): vscode.DebugSession {
    const found = this.known.get(id ?? "")?.session;
    if (!found) throw new Error(id === undefined ? "no kernel crash dump is open" : "the crash dump is closed");
    return found;
  }

  reopen(dump: readonly string[]): Thenable<unknown> {
    const before = this.launched.get(key(dump));
    if (!before) {
      const files = dump.map((path) => vscode.Uri.file(path));
      return vscode.commands.executeCommand("vmcore.open", files[0], files);
    }
    return vscode.debug.startDebugging(before.workspaceFolder, before.configuration, { suppressDebugToolbar: true });
  }

  private async learn(session: vscode.DebugSession): Promise<void> {
    const about = await askUnlessRefused(session, "vmcore/about", {});
    if (!about) return;
    const { vmcore, release } = about;
    const name = dumpName(vmcore);
    this.known.set(session.id, { session, shown: { id: session.id, name, release, dump: vmcore } });
    this.launched.set(key(vmcore), session);
    this.changed.fire();
  }

  dispose(): void {
    for (const one of this.registrations) one.dispose();
  }
}

const key = (dump: readonly string[]): string => dump.join("\0");
