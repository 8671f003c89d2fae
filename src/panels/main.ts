/** The entry point of the panel's webview: tabs, sessions and pages. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Panel, PanelSession } from "../protocol/panel.ts";
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

/** Creates each kind of page. `Panel.page` of protocol/panel.ts declares the kinds. */
const makers: Readonly<Record<Panel["page"], (panel: Panel, ask: Ask, state: DumpState) => View>> = {
  grid: (panel, asks, state) => new GridView(panel, asks, state),
  log: (_panel, asks, state) => new LogView(asks, state),
  memory: (_panel, asks) => new MemoryView(asks),
  object: (panel, asks) => new ObjectView(panel, asks),
  tasks: (panel, asks, state) => new TasksView(panel, asks, state),
  verdict: (_panel, asks) => new VerdictView(asks),
  waits: (panel, asks) => new WaitsView(panel, asks),
};

let panels: readonly Panel[] = [];
let session: PanelSession | undefined;
let closed: PanelSession | undefined;
let openSessions: readonly string[] = [];
/** Pages by session and page id, so that a session that becomes active again shows its pages unchanged. */
const views = new Map<string, Map<string, View>>();
let front = recall("panel", "");
/** The visible page of each session: first its verdict or its log, then what the user chose. */
const fronts = new Map<string, string>();
/** The page whose button opens a dump, which is then shown first. */
let wanted: string | undefined;

const bar = document.createElement("header");
const main = document.createElement("main");
main.id = "page";
document.body.append(bar, main);
const room = new ResizeObserver(() => render(tabs(), bar));

listen((message) => {
  switch (message.kind) {
    case "session":
      ({ panels, session, closed, open: openSessions } = message);
      for (const id of views.keys()) if (!openSessions.includes(id)) views.delete(id);
      setVisibleSession(session?.id);
      rememberEditor();
      return open((session && fronts.get(session.id)) ?? firstPage());
    case "show":
      return open(message.panel);
    case "outdated":
      for (const view of views.get(message.session)?.values() ?? []) view.outdated?.();
      return;
    case "do":
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

/** Returns the page that a dump opens with: its verdict; its log if the log tells of no crash. */
function firstPage(): string {
  const isKnown = (id: string | undefined): id is string => panels.some((one) => one.id === id);
  if (!session) return isKnown(front) ? front : (panels[0]?.id ?? "");
  const first = wanted ?? (session.crash === undefined ? "log" : "verdict");
  wanted = undefined;
  return isKnown(first) ? first : (panels[0]?.id ?? "");
}

/** Stores what an editor needs after a reload of the window. */
function rememberEditor(): void {
  const [panel] = panels;
  if (panel && panels.length === 1)
    remember("editor", { line: panel.line, page: panel.page, session: session ?? closed });
}

function open(id: string): void {
  front = id;
  if (session) fronts.set(session.id, id);
  remember("panel", id);
  render(tabs(), bar);
  const list = bar.querySelector(".tabs");
  if (list) room.observe(list);
  document.getElementById(`tab-${id}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  const panel = panels.find((one) => one.id === id);
  main.setAttribute("aria-label", panel?.title ?? "Crash Dump");
  if (!session || !panel) return empty(panel);
  let pages = views.get(session.id);
  if (!pages) views.set(session.id, (pages = new Map<string, View>()));
  let view = pages.get(id);
  if (!view)
    pages.set(
      id,
      (view = makers[panel.page](panel, requester(session.id), dumpState(session.dump, { recall, remember }))),
    );
  present(view.element);
  view.show();
}

/** Shows one page. The others stay in the document, hidden, so that they keep their scroll position. */
function present(shown: HTMLElement): void {
  if (shown.parentElement !== main) main.append(shown);
  const kept = new Set<Element>([shown]);
  for (const pages of views.values()) for (const { element } of pages.values()) kept.add(element);
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
  if (panels.length < 2) return dump;
  return html`${headline()}
    <div class="bar-of-tabs">
      <div class="tabs" role="tablist" aria-label="Crash Dump" @keydown=${onTabKey}>
        ${panels.map(
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
  const at = panels.findIndex(({ id }) => id === front);
  const next = panels[(at + step + panels.length) % panels.length];
  if (!next) return;
  open(next.id);
  document.getElementById(`tab-${next.id}`)?.focus();
}

function empty(panel: Panel | undefined): void {
  const what = !panel ? "what it holds" : panel.page === "log" ? "its log" : `its ${panel.title.toLowerCase()}`;
  const page = document.createElement("section");
  page.className = "page";
  const was = closed;
  if (was) {
    const again = (): void => void ask("reopen", { dump: was.dump });
    render(
      html`<div class="state">
        <p>${was.name} is closed. Open it again to see ${panel?.title ?? "this page"}.</p>
        <p><button @click=${again}>Open ${was.name} Again</button></p>
      </div>`,
      page,
    );
    return present(page);
  }
  const openDump = (sample: boolean) => () => {
    wanted = panel?.id;
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
    page,
  );
  present(page);
}
