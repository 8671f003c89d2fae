/** The entry point of the panel's webview: tabs, sessions and pages. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Page, PanelSession } from "../protocol/panel.ts";
import { BytesView } from "./bytes/bytes.ts";
import { GridView } from "./grid.ts";
import type { Ask } from "./ask.ts";
import { type DumpState, dumpState } from "./dumpState.ts";
import { ask, requester, listen, setVisibleSession, recall, remember } from "./host.ts";
import { ellipsis } from "./icons.ts";
import { watchLinks } from "./links.ts";
import { LogView } from "./log/log.ts";
import { MemoryView } from "./memory.ts";
import { ObjectView } from "./object.ts";
import { TasksView } from "./tasks.ts";
import { VerdictView } from "./verdict/verdict.ts";
import type { View } from "./view.ts";
import { WaitsView } from "./waits/waits.ts";

/** Creates each kind of page. `Page.kind` of protocol/panel.ts declares the kinds. */
const makers: Readonly<Record<Page["kind"], (page: Page, ask: Ask, state: DumpState) => View>> = {
  bytes: (page, asks, state) => new BytesView(page, asks, state),
  grid: (page, asks, state) => new GridView(page, asks, state),
  log: (_page, asks, state) => new LogView(asks, state),
  memory: (_page, asks) => new MemoryView(asks),
  object: (page, asks) => new ObjectView(page, asks),
  tasks: (page, asks, state) => new TasksView(page, asks, state),
  verdict: (_page, asks) => new VerdictView(asks),
  waits: (page, asks) => new WaitsView(page, asks),
};

let pages: readonly Page[] = [];
let session: PanelSession | undefined;
let closed: PanelSession | undefined;
let openSessions: readonly string[] = [];
/** Pages by session and page id, so that a session that becomes active again shows its pages unchanged. */
const views = new Map<string, Map<string, View>>();
/** Id of the visible page. */
let front = recall("panel", "");
/** The visible page of each session: first its verdict or its log, then what the user chose. */
const fronts = new Map<string, string>();
/** The page whose button opens a dump, which is then shown first. */
let wanted: string | undefined;

const bar = document.createElement("header");
const main = document.createElement("main");
main.id = "page";
document.body.append(bar, main);
const tabsObserver = new ResizeObserver(() => render(tabs(), bar));

listen((message) => {
  switch (message.kind) {
    case "session":
      ({ pages, session, closed, open: openSessions } = message);
      for (const id of views.keys()) if (!openSessions.includes(id)) views.delete(id);
      setVisibleSession(session?.id);
      rememberEditor();
      return open((session && fronts.get(session.id)) ?? firstPage());
    case "show":
      return open(message.page);
    case "outdated":
      for (const view of views.get(message.session)?.values() ?? []) view.outdated?.();
      return;
    case "do":
      if (message.action === "openEditor") return void ask("openPage", { page: front });
      return views
        .get(session?.id ?? "")
        ?.get(front)
        ?.act(message.action);
  }
});
watchLinks(async (fromEnd) => {
  open("log");
  await views
    .get(session?.id ?? "")
    ?.get("log")
    ?.goToLine?.(fromEnd);
});

/** Returns the page that a dump opens with: its verdict; its log if the log reports no crash. */
function firstPage(): string {
  const isKnown = (id: string | undefined): id is string => pages.some((one) => one.id === id);
  if (!session) return isKnown(front) ? front : (pages[0]?.id ?? "");
  const first = wanted ?? (session.crash === undefined ? "log" : "verdict");
  wanted = undefined;
  return isKnown(first) ? first : (pages[0]?.id ?? "");
}

/** Stores what an editor needs after a reload of the window. */
function rememberEditor(): void {
  const [page] = pages;
  if (page && pages.length === 1) remember("editor", { line: page.line, page: page.kind, session: session ?? closed });
}

function open(id: string): void {
  front = id;
  if (session) fronts.set(session.id, id);
  remember("panel", id);
  render(tabs(), bar);
  const list = bar.querySelector(".tabs");
  if (list) tabsObserver.observe(list);
  document.getElementById(`tab-${id}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  const page = pages.find((one) => one.id === id);
  main.setAttribute("aria-label", page?.title ?? "Crash Dump");
  if (!session || !page) return presentEmpty(page);
  let ofSession = views.get(session.id);
  if (!ofSession) views.set(session.id, (ofSession = new Map<string, View>()));
  let view = ofSession.get(id);
  if (!view)
    ofSession.set(
      id,
      (view = makers[page.kind](page, requester(session.id), dumpState(session.dump, { recall, remember }))),
    );
  present(view.element);
  view.show();
}

/** Shows one page. The others stay in the document, hidden, so that they keep their scroll position. */
function present(shown: HTMLElement): void {
  if (shown.parentElement !== main) main.append(shown);
  const kept = new Set<Element>([shown]);
  for (const ofSession of views.values()) for (const { element } of ofSession.values()) kept.add(element);
  for (const one of [...main.children]) {
    if (!kept.has(one)) one.remove();
    else (one as HTMLElement).hidden = one !== shown;
  }
}

function tabs(): TemplateResult | typeof nothing {
  const name = session && `${session.name}${session.release === undefined ? "" : `  ·  ${session.release}`}`;
  // If only one dump is open, the status bar of the window names it.
  const dump =
    openSessions.length > 1 ? html`<span class="dump" title=${name ?? nothing}>${name ?? ""}</span>` : nothing;
  // An editor's tab has its title; the document needs one too.
  if (pages.length < 2)
    return html`<h1 class="hidden">${pages[0]?.title ?? "Crash Dump"}</h1>
      ${dump}`;
  return html`${headline()}
    <div class="bar-of-tabs">
      <div class="tabs" role="tablist" aria-label="Crash Dump" @keydown=${onTabKey}>
        ${pages.map(
          ({ id, title }) =>
            html`<button
              role="tab"
              id=${`tab-${id}`}
              aria-selected=${id === front}
              aria-controls="page"
              tabindex=${id === front ? 0 : -1}
              @click=${() => open(id)}
            >
              ${title}
            </button>`,
        )}
      </div>
      <button
        class="toggle more"
        title="All Pages…"
        aria-label="All Pages"
        ?hidden=${!isCrowded()}
        @click=${() => void ask("choosePage", {})}
      >
        ${ellipsis}
      </button>
      ${dump}
    </div>`;
}

/** The title of the crash, in one line above the tabs. It leads to the verdict, where it is shown whole. */
function headline(): TemplateResult | typeof nothing {
  if (session?.crash === undefined) return nothing;
  return html`<h1 class=${front === "verdict" ? "headline whole" : "headline"}>
    <button title=${session.crash} @click=${() => open("verdict")}>${session.crash}</button>
  </h1>`;
}

/** Whether the tabs do not fit into one line. */
function isCrowded(): boolean {
  const list = bar.querySelector(".tabs");
  return list !== null && list.scrollWidth > list.clientWidth;
}

function onTabKey(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const at = pages.findIndex(({ id }) => id === front);
  const next = pages[(at + step + pages.length) % pages.length];
  if (!next) return;
  open(next.id);
  document.getElementById(`tab-${next.id}`)?.focus();
}

/** Returns a page's title as a part of a sentence: acronyms keep their capitals. */
const inSentence = (title: string): string => (/[A-Z]{2}/.test(title) ? title : title.toLowerCase());

/** Shows what to do when no session is open: open a dump, or open the dump of an ended session again. */
function presentEmpty(page: Page | undefined): void {
  const what = !page ? "what it holds" : page.kind === "log" ? "its log" : `its ${inSentence(page.title)}`;
  const element = document.createElement("section");
  element.className = "page";
  const was = closed;
  if (was) {
    const again = (): void => void ask("reopen", { dump: was.dump });
    render(
      html`<div class="state">
        <p>${was.name} is closed. Open it again to see ${page?.title ?? "this page"}.</p>
        <p><button @click=${again}>Open ${was.name} Again</button></p>
      </div>`,
      element,
    );
    return present(element);
  }
  const openDump = (sample: boolean) => () => {
    wanted = page?.id;
    void ask("openDump", { sample });
  };
  render(
    html`<div class="state">
      <p>Open a crash dump to see ${what}.</p>
      <p>
        <button @click=${openDump(false)}>Open Crash Dump…</button>
        <button class="secondary" @click=${openDump(true)}>Open the Sample</button>
      </p>
    </div>`,
    element,
  );
  present(element);
}
