import { basename } from "node:path";
import * as vscode from "vscode";
import type { FromPage, PageAction, Panel, PanelSession, ToPage } from "../protocol/panel.ts";
import { answers } from "./panelAnswers.ts";
import { panelPage } from "./panelPage.ts";
import { panels, tablePanel } from "./panels.ts";
import { activeSession, ask, sessionCommand, TYPE } from "./session.ts";
import { askForLine } from "./tableLine.ts";

const VIEW = "vmcore.kernel";

/** The Kernel panel: pages of tables, the log and memory of the dump in front; any command's rows as a table. */
export function kernelView(context: vscode.ExtensionContext): vscode.Disposable[] {
  const sessions = new Sessions();
  const view = new KernelView(context, sessions);
  const inFront = (action: PageAction) => () => view.act(action);
  return [
    sessions,
    vscode.window.registerWebviewViewProvider(VIEW, view, { webviewOptions: { retainContextWhenHidden: true } }),
    vscode.commands.registerCommand("vmcore.showPanel", async (id?: unknown) => {
      const panel = typeof id === "string" ? panels.find((one) => one.id === id) : await pickPanel();
      if (panel) await view.show(panel);
    }),
    sessionCommand("vmcore.openTable", async (_session, given) => {
      const line = typeof given === "string" ? given : await askForLine(context);
      if (line) openTable(context, sessions, tablePanel(line));
    }),
    sessionCommand("vmcore.openObject", async (session, given) => {
      if (typeof given !== "string") return;
      const line = /^(0x)?[0-9a-f]+$/i.test(given) ? await objectAt(session, given) : given;
      openTable(context, sessions, { id: "object", title: line, line, page: "object" });
    }),
    vscode.commands.registerCommand("vmcore.panel.copy", inFront("copy")),
    vscode.commands.registerCommand("vmcore.panel.openDocument", inFront("openDocument")),
    vscode.commands.registerCommand("vmcore.panel.save", inFront("save")),
    vscode.commands.registerCommand("vmcore.panel.find", inFront("find")),
  ];
}

async function pickPanel(): Promise<Panel | undefined> {
  const items = panels.map((panel) => ({ label: panel.title, description: panel.line, panel }));
  return (await vscode.window.showQuickPick(items, { placeHolder: "What to show of the kernel" }))?.panel;
}

/** The expression of the struct that the slab object at an address is. @throws Error when that is not known */
async function objectAt(session: vscode.DebugSession, text: string): Promise<string> {
  const { containers } = await ask(session, "vmcore/identify", { text });
  const facts = containers.find(({ kind }) => kind === "slab object")?.facts ?? [];
  const struct = facts.find(({ object }) => object !== undefined)?.object;
  if (struct !== undefined) return struct;
  const cache = facts.find(({ name }) => name === "Cache")?.text;
  const type = await vscode.window.showInputBox({
    prompt: cache === undefined ? `What to see ${text} as` : `Objects of ${cache} may be anything: what to see it as`,
    placeHolder: "struct inode",
  });
  if (type === undefined || type.trim() === "") throw new Error(`${text}: no type was given`);
  return `*(${type.trim()} *)0x${text.replace(/^0x/, "")}`;
}

/** Sessions of ours that have stopped, which means that their dump is open; and the one in front. */
class Sessions implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly known = new Map<string, PanelSession>();
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
    return this.known.get(activeSession()?.id ?? "");
  }

  private async learn(session: vscode.DebugSession): Promise<void> {
    try {
      const { vmcore, release } = await ask(session, "vmcore/about", {});
      this.known.set(session.id, { id: session.id, name: basename(vmcore[0] ?? session.name), release });
      this.changed.fire();
    } catch {
      // The session ended before it answered: there is nothing to show.
    }
  }

  dispose(): void {
    for (const one of this.registrations) one.dispose();
  }
}

class KernelView implements vscode.WebviewViewProvider {
  private readonly context: vscode.ExtensionContext;
  private readonly sessions: Sessions;
  private page: Page | undefined;
  /** Wanted before the page was there. */
  private wanted: Panel | undefined;

  constructor(context: vscode.ExtensionContext, sessions: Sessions) {
    this.context = context;
    this.sessions = sessions;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const page = new Page(this.context, this.sessions, view.webview, panels, () => {
      if (this.wanted) page.post({ kind: "show", panel: this.wanted.id });
      this.wanted = undefined;
    });
    this.page = page;
    view.onDidDispose(() => {
      page.dispose();
      this.page = undefined;
    });
  }

  async show(panel: Panel): Promise<void> {
    if (!this.page) this.wanted = panel;
    await vscode.commands.executeCommand(`${VIEW}.focus`);
    this.page?.post({ kind: "show", panel: panel.id });
  }

  act(action: PageAction): void {
    this.page?.post({ kind: "do", action });
  }
}

/** A table in an editor of its own. */
function openTable(context: vscode.ExtensionContext, sessions: Sessions, panel: Panel): void {
  const options = { enableFindWidget: false, retainContextWhenHidden: true };
  const editor = vscode.window.createWebviewPanel("vmcore.table", panel.title, vscode.ViewColumn.Active, options);
  const page = new Page(context, sessions, editor.webview, [panel]);
  editor.onDidDispose(() => page.dispose());
}

/** One webview with our page in it: tells it of the session in front and answers what it asks. */
class Page {
  private readonly webview: vscode.Webview;
  private readonly sessions: Sessions;
  private readonly panels: readonly Panel[];
  private readonly registrations: vscode.Disposable[];

  constructor(
    { extensionUri }: vscode.ExtensionContext,
    sessions: Sessions,
    webview: vscode.Webview,
    shown: readonly Panel[],
    onReady: () => void = () => undefined,
  ) {
    this.webview = webview;
    this.sessions = sessions;
    this.panels = shown;
    const dist = vscode.Uri.joinPath(extensionUri, "dist");
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
    this.registrations = [
      sessions.onDidChange(() => this.tellSession()),
      webview.onDidReceiveMessage((message: FromPage) => {
        if (message.kind === "ask") return void this.answer(message);
        this.tellSession();
        onReady();
      }),
    ];
    webview.html = panelPage({ csp: webview.cspSource, style: asset("panels.css"), script: asset("panels.js") });
  }

  post(message: ToPage): void {
    void this.webview.postMessage(message);
  }

  private tellSession(): void {
    this.post({ kind: "session", session: this.sessions.front, panels: this.panels });
  }

  private async answer({ id, request, args }: Extract<FromPage, { kind: "ask" }>): Promise<void> {
    try {
      const body = await (answers[request] as (args: unknown) => Thenable<unknown>)(args);
      this.post({ kind: "answer", id, body });
    } catch (error) {
      this.post({ kind: "refusal", id, message: error instanceof Error ? error.message : String(error) });
    }
  }

  dispose(): void {
    for (const one of this.registrations) one.dispose();
  }
}
