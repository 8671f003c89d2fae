/** The Crash Dump panel and its pages in editors. */
import * as vscode from "vscode";
import type { FromPage, Page, PanelAction, PanelSession, ToPage } from "../../protocol/panel.ts";
import { answers, type RequestingPage } from "./panelAnswers.ts";
import { editorPage, pages, revivedEditor } from "./pages.ts";
import { PanelSessions } from "./panelSessions.ts";
import { showCrashDump } from "../front.ts";
import { ask, sessionCommand, showViews } from "../session.ts";
import { type MemoryPlace, OPEN_MEMORY } from "./openMemory.ts";
import { askForLine } from "./tableLine.ts";
import { webviewDocument } from "./webviewDocument.ts";

const VIEW = "vmcore.kernel";
const EDITOR = "vmcore.table";

/**
 * Registers the Crash Dump panel: pages with tables, the log and memory of the active dump, and tables of any command.
 */
export function crashDumpPanel(context: vscode.ExtensionContext): vscode.Disposable[] {
  const sessions = new PanelSessions();
  const view = new CrashDumpView(context, sessions);
  const onVisiblePage = (action: PanelAction) => () => view.act(action);
  return [
    sessions,
    sessions.onDidOpen(() => void showCrashDump()),
    vscode.window.registerWebviewViewProvider(VIEW, view, { webviewOptions: { retainContextWhenHidden: true } }),
    vscode.commands.registerCommand("vmcore.showPanel", async (id?: unknown) => {
      const page = typeof id === "string" ? pages.find((one) => one.id === id) : await pickPage();
      if (!page) return;
      await showViews();
      await view.show(page);
    }),
    vscode.window.registerWebviewPanelSerializer(EDITOR, {
      deserializeWebviewPanel(editor, state) {
        const revived = revivedEditor(state);
        if (revived) fillEditor(context, sessions, editor, revived.page, revived.session);
        else editor.dispose();
        return Promise.resolve();
      },
    }),
    sessionCommand("vmcore.openTable", async (session, given) => {
      const line = typeof given === "string" ? given : await askForLine(context);
      if (line) openEditor(context, sessions, session, editorPage(line, "grid"));
    }),
    sessionCommand("vmcore.openObject", async (session, given) => {
      if (typeof given === "string") await openObject(context, sessions, session, given);
    }),
    vscode.commands.registerCommand(OPEN_MEMORY, ({ session, address }: MemoryPlace) =>
      openEditor(context, sessions, sessions.session(session), editorPage(address, "bytes")),
    ),
    vscode.commands.registerCommand("vmcore.panel.copy", onVisiblePage("copy")),
    vscode.commands.registerCommand("vmcore.panel.openEditor", onVisiblePage("openEditor")),
    vscode.commands.registerCommand("vmcore.panel.openDocument", onVisiblePage("openDocument")),
    vscode.commands.registerCommand("vmcore.panel.save", onVisiblePage("save")),
    // The keyboard shortcut searches the focused page, the button searches the panel.
    vscode.commands.registerCommand("vmcore.panel.find", (where?: unknown) => {
      if (where === "focused") focusedWebview?.post({ kind: "do", action: "find" });
      else view.act("find");
    }),
  ];
}

async function pickPage(): Promise<Page | undefined> {
  const items = pages.map((page) => ({ label: page.title, description: page.line, page }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t("What to show of the kernel") }))?.page;
}

/**
 * Returns the expression of the struct at the slab object that contains an address. @throws Error when its type is
 * unknown
 */
async function objectAt(session: vscode.DebugSession, text: string): Promise<string> {
  const { containers } = await ask(session, "vmcore/identify", { text });
  const facts = containers.find(({ kind }) => kind === "slab object")?.facts ?? [];
  const struct = facts.find(({ object }) => object !== undefined)?.object;
  if (struct !== undefined) return struct;
  const cache = facts.find(({ name }) => name === "Cache")?.text;
  const type = await vscode.window.showInputBox({
    prompt:
      cache === undefined
        ? vscode.l10n.t("Type to show {0} as", text)
        : vscode.l10n.t("Objects of {0} can have any type: type to show this one as", cache),
    placeHolder: "struct inode",
  });
  if (type === undefined || type.trim() === "") throw new Error(vscode.l10n.t("{0}: no type was given", text));
  return `*(${type.trim()} *)0x${text.replace(/^0x/, "")}`;
}

/** Key under which the panel's state is stored across a reload of the window. */
const STATE = "vmcore.panel";

class CrashDumpView implements vscode.WebviewViewProvider {
  private readonly context: vscode.ExtensionContext;
  private readonly sessions: PanelSessions;
  private page: PagesWebview | undefined;
  /** The page to show once the webview exists. */
  private wanted: Page | undefined;

  constructor(context: vscode.ExtensionContext, sessions: PanelSessions) {
    this.context = context;
    this.sessions = sessions;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const page = new PagesWebview(this.context, this.sessions, view.webview, pages, {
      onReady: () => {
        if (this.wanted) page.post({ kind: "show", page: this.wanted.id });
        this.wanted = undefined;
      },
    });
    this.page = page;
    view.onDidDispose(() => {
      page.dispose();
      this.page = undefined;
    });
  }

  async show(page: Page): Promise<void> {
    if (!this.page) this.wanted = page;
    await vscode.commands.executeCommand(`${VIEW}.focus`);
    this.page?.post({ kind: "show", page: page.id });
  }

  act(action: PanelAction): void {
    this.page?.post({ kind: "do", action });
  }
}

/** The webview with the keyboard focus. VS Code has no context key for it. */
let focusedWebview: PagesWebview | undefined;

function setFocused(webview: PagesWebview | undefined): void {
  focusedWebview = webview;
  void vscode.commands.executeCommand("setContext", "vmcore.pageFocus", webview !== undefined);
}

/** Opens a table or an object in an editor, which stays with the dump that it was opened from. */
function openEditor(
  context: vscode.ExtensionContext,
  sessions: PanelSessions,
  session: vscode.DebugSession,
  page: Page,
  beside = false,
): void {
  const shown = sessions.shown(session);
  if (!shown)
    throw new Error(
      vscode.l10n.t("the crash dump of this page is not open: wait until it has opened, or open it again"),
    );
  const options = { enableFindWidget: false, retainContextWhenHidden: true };
  const editor = vscode.window.createWebviewPanel(
    EDITOR,
    page.title,
    beside ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active,
    options,
  );
  fillEditor(context, sessions, editor, page, shown);
}

function fillEditor(
  context: vscode.ExtensionContext,
  sessions: PanelSessions,
  editor: vscode.WebviewPanel,
  page: Page,
  pinned: PanelSession,
): void {
  const webview = new PagesWebview(context, sessions, editor.webview, [page], { pinned });
  editor.onDidDispose(() => webview.dispose());
}

/** Opens an object by its expression, or the slab object at an address. */
async function openObject(
  context: vscode.ExtensionContext,
  sessions: PanelSessions,
  session: vscode.DebugSession,
  text: string,
  beside = false,
): Promise<void> {
  const line = /^(0x)?[0-9a-f]+$/i.test(text) ? await objectAt(session, text) : text;
  openEditor(context, sessions, session, editorPage(line, "object"), beside);
}

interface PageOptions {
  readonly onReady?: () => void;
  /** The session of an editor, until it ends. Undefined: the active session. */
  readonly pinned?: PanelSession;
}

/** A webview with pages. It sends the session to them and answers their requests. */
class PagesWebview {
  private readonly context: vscode.ExtensionContext;
  private readonly webview: vscode.Webview;
  private readonly sessions: PanelSessions;
  private readonly pages: readonly Page[];
  private readonly registrations: vscode.Disposable[];
  private pinned: PanelSession | undefined;

  constructor(
    context: vscode.ExtensionContext,
    sessions: PanelSessions,
    webview: vscode.Webview,
    shown: readonly Page[],
    { onReady, pinned }: PageOptions,
  ) {
    this.context = context;
    this.pinned = pinned;
    this.webview = webview;
    this.sessions = sessions;
    this.pages = shown;
    const dist = vscode.Uri.joinPath(context.extensionUri, "dist");
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
    this.registrations = [
      sessions.onDidChange(() => this.tellSession()),
      sessions.onDidOutdate((session) => this.post({ kind: "outdated", session })),
      webview.onDidReceiveMessage((message: FromPage) => {
        if (message.kind === "ask") return void this.answer(message);
        if (message.kind === "focus") {
          if (message.has) setFocused(this);
          else if (focusedWebview === this) setFocused(undefined);
          return;
        }
        // VS Code's serializer keeps the state of an editor.
        if (message.kind === "remember") {
          if (!pinned) void context.workspaceState.update(STATE, message.state);
          return;
        }
        this.tellSession();
        onReady?.();
      }),
    ];
    const state = pinned ? {} : context.workspaceState.get<object>(STATE, {});
    webview.html = webviewDocument({
      csp: webview.cspSource,
      style: asset("panels.css"),
      script: asset("panels.js"),
      state,
    });
  }

  post(message: ToPage): void {
    void this.webview.postMessage(message);
  }

  /** The session to show. In an editor, an open session with the same dump replaces one that has ended. */
  private get shown(): PanelSession | undefined {
    if (!this.pinned) return this.sessions.active;
    const open = this.sessions.sameAs(this.pinned);
    if (open) this.pinned = open;
    return open;
  }

  private tellSession(): void {
    const { shown, sessions, pages } = this;
    const closed = shown ? undefined : this.pinned;
    this.post({ kind: "session", session: shown, closed, open: sessions.ids, pages });
  }

  private async answer({ id, session, request, args }: Extract<FromPage, { kind: "ask" }>): Promise<void> {
    const { context, sessions } = this;
    const page: RequestingPage = {
      session: () => sessions.session(session),
      reopen: (dump) => sessions.reopen(dump),
      openPage: (id) => {
        const shown = pages.find((page) => page.id === id);
        if (shown) openEditor(context, sessions, sessions.session(session), shown);
      },
      openTable: (line) => openEditor(context, sessions, sessions.session(session), editorPage(line, "grid")),
      openObject: (text, beside) => openObject(context, sessions, sessions.session(session), text, beside),
    };
    try {
      const body = await (answers[request] as (args: unknown, page: RequestingPage) => Thenable<unknown>)(args, page);
      this.post({ kind: "answer", id, body });
    } catch (error) {
      this.post({ kind: "refusal", id, message: error instanceof Error ? error.message : String(error) });
    }
  }

  dispose(): void {
    if (focusedWebview === this) setFocused(undefined);
    for (const one of this.registrations) one.dispose();
  }
}
