/** Links in pages, and the cards that describe their targets. */
import { unlessRefused } from "../base/refused.ts";
import { html, type TemplateResult } from "lit-html";
import type { LinkKind } from "../protocol/panel.ts";
import { ask } from "./host.ts";

/** A link with a hover card. It is followed by a click, or by Enter on its cell. */
export const link = (text: unknown, target: string, kind: LinkKind = "place"): TemplateResult =>
  html`<a class="link" role="link" data-target=${target} data-kind=${kind}>${text}</a>`;

/** Shows a line of the log, counted from its end. The document with the log's page sets it. */
let showLogLine: (fromEnd: number) => Promise<void> = () => Promise.resolve();

/** The requests that follow links of each kind. */
const ways: Readonly<Record<LinkKind, (target: string, element: Element) => Promise<unknown>>> = {
  place: (text) => ask("goTo", { text }),
  memory: (address, element) => {
    element.dispatchEvent(new CustomEvent("follow", { bubbles: true, detail: address }));
    return Promise.resolve();
  },
  task: (task) => ask("selectTask", { task }),
  source: (text) => ask("openSource", { text }),
  module: (name) => ask("openTable", { line: `sym -m ${name}` }),
  object: (text) => ask("openObject", { text }),
  table: (line) => ask("openTable", { line }),
  frame: (text) => {
    const [task = "", pc = "0x0"] = text.split(" ");
    return ask("goToFrame", { task, pc });
  },
  instruction: (address) => ask("disassemble", { address }),
  log: (line) => showLogLine(Number(line)),
  command: (line) => ask("runInConsole", { line }),
};

/** Follows a link, or shows why it cannot be followed. */
export function follow(element: Element): void {
  const { target, kind } = (element as HTMLElement).dataset;
  if (target !== undefined) followLink((kind ?? "place") as LinkKind, target, element);
}

/** Follows a link, or shows beside an element why it cannot be followed. */
export function followLink(kind: LinkKind, target: string, element: Element): void {
  ways[kind](target, element).catch((error: Error) => showCard(element, error.message));
}

/** Number of milliseconds without a mouse movement before the card opens. */
const REST_MS = 350;

const card = document.createElement("div");
card.id = "card";
card.setAttribute("role", "tooltip");
card.hidden = true;

let timer: ReturnType<typeof setTimeout> | undefined;
let over: Element | undefined;

/**
 * Shows cards under the mouse and follows clicks. Called once for the whole document.
 * @param toLogLine shows a line of the log, counted from its end
 */
export function watchLinks(toLogLine: typeof showLogLine): void {
  showLogLine = toLogLine;
  document.body.append(card);
  document.addEventListener("mouseover", ({ target }) => {
    const found = linkAt(target);
    if (found === over) return;
    hideCard();
    over = found;
    if (found) timer = setTimeout(() => void explain(found), REST_MS);
  });
  document.addEventListener("click", (event) => {
    const found = linkAt(event.target);
    if (found && !event.ctrlKey && !event.shiftKey && getSelection()?.isCollapsed !== false) follow(found);
  });
  for (const name of ["scroll", "keydown", "blur"]) addEventListener(name, hideCard, { capture: true });
}

const linkAt = (target: EventTarget | null): Element | undefined =>
  target instanceof Element ? (target.closest("[data-target]") ?? undefined) : undefined;

/** Shows the card of a link: for the mouse, or by key for the focused cell. */
export async function explain(element: Element): Promise<void> {
  const { target: text, kind } = (element as HTMLElement).dataset;
  if (text === undefined) return;
  over = element;
  // The extension refuses text that only looks like an address.
  const answer = await unlessRefused(ask("explain", { text, kind: (kind ?? "place") as LinkKind }));
  if (over === element && answer && answer.text !== "") showCard(element, answer.text);
}

function showCard(anchor: Element, text: string): void {
  card.textContent = text;
  card.hidden = false;
  const { left, top, bottom } = anchor.getBoundingClientRect();
  const { width, height } = card.getBoundingClientRect();
  const hasRoomBelow = bottom + height + 4 < innerHeight;
  card.style.left = `${Math.max(4, Math.min(left, innerWidth - width - 8))}px`;
  card.style.top = `${hasRoomBelow ? bottom + 4 : Math.max(4, top - height - 4)}px`;
}

function hideCard(): void {
  clearTimeout(timer);
  over = undefined;
  card.hidden = true;
}
