/** The sessions that the panel can show. */
import * as vscode from "vscode";
import type { PanelSession } from "../../protocol/panel.ts";
import { dumpName } from "../dumpName.ts";
import { TYPE, activeSession, askUnlessRefused } from "../session.ts";

/**
 * The sessions whose dump is open, and the active one among them. The first `stopped` event of a session shows that its
 * dump is open.
 */
export class PanelSessions implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly known = new Map<string, { readonly session: vscode.DebugSession; readonly shown: PanelSession }>();
  /** Sessions by the files of their dump, so that a dump is opened again with the same configuration. */
  private readonly launched = new Map<string, vscode.DebugSession>();
  private readonly registrations: vscode.Disposable[];
  private readonly outdated = new vscode.EventEmitter<string>();
  private readonly opened = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  /** The stacks of the session with this id must be read again, because debuginfo or sources changed. */
  readonly onDidOutdate = this.outdated.event;
  /** A dump has been opened. */
  readonly onDidOpen = this.opened.event;

  constructor() {
    this.registrations = [
      this.changed,
      this.outdated,
      this.opened,
      vscode.debug.onDidChangeActiveDebugSession(() => this.changed.fire()),
      vscode.debug.onDidTerminateDebugSession(({ id }) => {
        if (this.known.delete(id)) this.changed.fire();
      }),
      vscode.debug.registerDebugAdapterTrackerFactory(TYPE, {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage: ({ event, body }: { event?: string; body?: { areas?: readonly string[] } }) => {
            if (event === "stopped" && !this.known.has(session.id)) void this.learn(session);
            if (event === "invalidated" && body?.areas?.includes("stacks")) this.outdated.fire(session.id);
          },
        }),
      }),
    ];
  }

  get active(): PanelSession | undefined {
    return this.known.get(activeSession()?.id ?? "")?.shown;
  }

  get ids(): readonly string[] {
    return [...this.known.keys()];
  }

  /** Returns this session if it is open, else another session with the same dump. */
  sameAs({ id, dump }: PanelSession): PanelSession | undefined {
    const others = [...this.known.values()].map(({ shown }) => shown);
    return this.known.get(id)?.shown ?? others.find((shown) => key(shown.dump) === key(dump));
  }

  shown(session: vscode.DebugSession): PanelSession | undefined {
    return this.known.get(session.id)?.shown;
  }

  /** Returns the session. @throws Error when it has ended or there is none */
  session(id: string | undefined): vscode.DebugSession {
    const found = this.known.get(id ?? "")?.session;
    if (!found)
      throw new Error(
        id === undefined
          ? vscode.l10n.t("no crash dump is open: use Open Crash Dump first")
          : vscode.l10n.t("the crash dump of this page is closed: open it again"),
      );
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
    const { vmcore, release, crash } = about;
    const name = dumpName(vmcore);
    this.known.set(session.id, { session, shown: { id: session.id, name, release, crash, dump: vmcore } });
    this.launched.set(key(vmcore), session);
    this.changed.fire();
    this.opened.fire();
  }

  dispose(): void {
    for (const one of this.registrations) one.dispose();
  }
}

const key = (dump: readonly string[]): string => dump.join("\0");
