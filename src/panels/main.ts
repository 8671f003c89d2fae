import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Panel, PanelSession } from "../protocol/panel.ts";
import { GridView } from "./grid.ts";
import { ask, listen, recall, remember } from "./host.ts";
import { watchLinks } from "./links.ts";
import { LogView } from "./log.ts";
import { MemoryView } from "./memory.ts";
import { ObjectView } from "./object.ts";
import { TasksView } from "./tasks.ts";
import type { View } from "./view.ts";

/** How each kind of page is made. */
const makers: Readonly<Record<Panel["page"], (panel: Panel) => View>> = {
  grid: (panel) => new GridView(panel),
  log: (panel) => new LogView(panel),
  memory: () => new MemoryView(),
  object: (panel) => new ObjectView(panel),
  tasks: (panel) => new TasksView(panel),
};

let panels: readonly Panel[] = [];
let session: PanelSession | undefined;
let views = new Map<string, View>();
let front = recall("panel", "");

const bar = document.createElement("header");
const main = document.createElement("main");
main.id = "page";
document.body.append(bar, main);

listen((message) => {
  switch (message.kind) {
    case "session":
      panels = message.panels;
      if (message.session?.id !== session?.id) views = new Map();
      session = message.session;
      return open(panels.some(({ id }) => id === front) ? front : (panels[0]?.id ?? ""));
    case "show":
      return open(message.panel);
    case "do":
      return views.get(front)?.act(message.action);
  }
});
watchLinks();

function open(id: string): void {
  front = id;
  remember("panel", id);
  render(tabs(), bar);
  document.getElementById(`tab-${id}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  const panel = panels.find((one) => one.id === id);
  main.setAttribute("aria-label", panel?.title ?? "Kernel");
  if (!session || !panel) return empty(panel);
  let view = views.get(id);
  if (!view) views.set(id, (view = makers[panel.page](panel)));
  const shown = view.element;
  // Kept in the document and hidden, so that every page keeps its place.
  if (shown.parentElement !== main) main.append(shown);
  const kept = new Set([...views.values()].map(({ element }) => element as Element));
  for (const one of [...main.children]) {
    if (!kept.has(one)) one.remove();
    else (one as HTMLElement).hidden = one !== shown;
  }
  view.show();
}

function tabs(): TemplateResult | typeof nothing {
  if (panels.length < 2) return nothing;
  const name = session && `${session.name}${session.release === undefined ? "" : `  ·  ${session.release}`}`;
  return html`<div class="tabs" role="tablist" aria-label="Kernel" @keydown=${onTabKey}>
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
    <span class="dump" title=${name ?? nothing}>${name ?? ""}</span>`;
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
  render(
    html`<div class="state">
      <p>Open a crash dump to see ${what}.</p>
      <p>
        <button @click=${() => void ask("openDump", { sample: false })}>Open Crash Dump…</button>
        <button class="secondary" @click=${() => void ask("openDump", { sample: true })}>Open the Sample</button>
      </p>
    </div>`,
    page,
  );
  main.replaceChildren(page);
}
