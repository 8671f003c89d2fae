import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Identified } from "../protocol/custom.ts";
import type { Grid } from "../protocol/grid.ts";
import type { PageAction } from "../protocol/panel.ts";
import { ask } from "./host.ts";
import { link } from "./links.ts";
import { bytesText, freeByOrder, largestCaches, type Part, partsOf, recordsOf } from "./memoryParts.ts";
import { cellText } from "./rows.ts";
import { busy, failure, type View, whenSlow } from "./view.ts";

/** Caches in the picture; the table of all is a tab of its own. */
const TOP_CACHES = 12;

type Loaded = Grid | Error | undefined;

/** Where physical memory went, as a picture; and "What is this address?". */
export class MemoryView implements View {
  readonly element = document.createElement("section");
  private usage: Loaded;
  private counters: Loaded;
  private zones: Loaded;
  private free: Loaded;
  private slabs: Loaded;
  private slow = false;
  private card: Identified | Error | undefined;

  constructor() {
    this.element.className = "page memory-page";
    void this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    if (action === "find") return this.element.querySelector("input")?.focus();
    const text = this.parts.map(({ name, bytes, from }) => `${name}\t${bytes}\t${from}\n`).join("");
    if (action === "copy") void ask("copy", { text });
    else if (action === "openDocument") void ask("openDocument", { text, language: "plaintext" });
    else void ask("save", { text, name: "memory.tsv" });
  }

  private async load(): Promise<void> {
    const callOff = whenSlow(() => {
      this.slow = true;
      this.draw();
    });
    [this.usage, this.counters] = [await rows("kmem -i"), await rows("kmem -V")];
    callOff();
    this.draw();
    this.zones = await rows("kmem -z");
    this.free = await rows("kmem -f");
    this.draw();
    // Every slab of every cache is counted: last, as it takes longest.
    this.slabs = await rows("kmem -s");
    this.draw();
  }

  private get parts(): readonly Part[] {
    const { usage, counters } = this;
    if (!usage || !counters || usage instanceof Error || counters instanceof Error) return [];
    return partsOf(usage, counters);
  }

  private draw(): void {
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.usage instanceof Error) return failure(this.usage.message, () => void this.load());
    if (!this.usage || !this.counters) return this.slow ? busy("Counting memory…") : nothing;
    return html`<div class="memory" tabindex="0" role="region" aria-label="Memory">
      <div class="columns">
        <div>${this.picture()}</div>
        <div>${this.addressBox()}</div>
      </div>
      <div class="columns">
        <div>${section("Slab caches that take most", this.slabs, cachesTable)}</div>
        <div>
          ${section("Zones", this.zones, zonesTable)} ${section("Free blocks by order", this.free, ordersTable)}
        </div>
      </div>
    </div>`;
  }

  private picture(): TemplateResult {
    const { parts } = this;
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total === 0) return html`<p class="bad">${remarksOf(this.usage)}</p>`;
    const share = (bytes: number): string => `${((bytes / total) * 100).toFixed(1)} %`;
    return html`<h2>Physical memory <span class="count">${bytesText(total)}</span></h2>
      <div class="bar" role="img" aria-label=${parts.map(({ name, bytes }) => `${name} ${share(bytes)}`).join(", ")}>
        ${parts.map(
          ({ name, bytes, color }) =>
            html`<span
              class=${`part ${color}`}
              title=${`${name}: ${bytesText(bytes)}`}
              .style=${`flex-grow: ${bytes}`}
            ></span>`,
        )}
      </div>
      <table>
        ${parts.map(
          ({ name, bytes, from, color }) =>
            html`<tr>
              <th scope="row"><span class=${`swatch ${color}`}></span>${name}</th>
              <td class="number">${bytesText(bytes)}</td>
              <td class="number">${share(bytes)}</td>
              <td class="from">${from}</td>
            </tr>`,
        )}
      </table>`;
  }

  private addressBox(): TemplateResult {
    return html`<h2><label for="address">What is this address?</label></h2>
      <form @submit=${(event: SubmitEvent) => this.submit(event)}>
        <input id="address" type="search" placeholder="ffff8ef68526c180, jiffies, panic+0x10, current->mm" />
        <button type="submit">Identify</button>
      </form>
      ${this.card === undefined ? nothing : cardOf(this.card)}`;
  }

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    const text = this.element.querySelector<HTMLInputElement>("#address")?.value.trim() ?? "";
    if (text !== "") void this.identify(text);
  }

  private async identify(text: string): Promise<void> {
    this.card = await ask("identify", { text }).catch((error: Error) => error);
    this.draw();
  }
}

const rows = (line: string): Promise<Grid | Error> => ask("run", { line }).catch((error: Error) => error);

const remarksOf = (grid: Loaded): string =>
  (grid instanceof Error ? grid.message : grid?.remarks.join(" ")) || "The kernel's counters are not in the dump.";

function section(title: string, loaded: Loaded, content: (grid: Grid) => TemplateResult): TemplateResult {
  const body = !loaded
    ? html`<p class="count">Counting…</p>`
    : loaded instanceof Error || loaded.tables.length === 0
      ? html`<p class="bad">${remarksOf(loaded)}</p>`
      : content(loaded);
  return html`<h2>${title}</h2>
    ${body}`;
}

function cachesTable(grid: Grid): TemplateResult {
  const caches = largestCaches(grid, TOP_CACHES);
  const most = Math.max(1, ...caches.map(({ bytes }) => bytes));
  return html`<table>
    <tr>
      <th scope="col">Cache</th>
      <th scope="col" class="number">Memory</th>
      <th scope="col" class="number">Objects in use</th>
      <th scope="col" class="number">Not in use</th>
      <th scope="col"><span class="hidden">Share</span></th>
    </tr>
    ${caches.map(
      ({ name, address, bytes, allocated, total, waste }) =>
        html`<tr>
          <th scope="row">${link(name, address)}</th>
          <td class="number">${bytesText(bytes)}</td>
          <td class="number">${allocated} of ${total}</td>
          <td class="number">${bytesText(waste)}</td>
          <td class="meter"><span class="part orange" .style=${`width: ${(bytes / most) * 100}%`}></span></td>
        </tr>`,
    )}
  </table>`;
}

function zonesTable({ tables }: Grid): TemplateResult {
  const zones = tables.flatMap(recordsOf).filter((zone) => zone.has("node") && zone.get("present") !== 0);
  const columns = ["node", "name", "present", "watermarks"];
  return html`<table>
    <tr>
      <th scope="col">Node</th>
      <th scope="col">Zone</th>
      <th scope="col" class="number">Pages</th>
      <th scope="col" class="number">Min, low, high</th>
    </tr>
    ${zones.map(
      (zone) =>
        html`<tr>
          ${columns.map((name, i) => html`<td class=${i > 1 ? "number" : ""}>${cellText(zone.get(name) ?? null)}</td>`)}
        </tr>`,
    )}
  </table>`;
}

function ordersTable(grid: Grid): TemplateResult {
  const orders = freeByOrder(grid);
  const most = Math.max(1, ...orders.map(({ pages }) => pages));
  return html`<table>
    <tr>
      <th scope="col" class="number">Order</th>
      <th scope="col" class="number">Blocks</th>
      <th scope="col" class="number">Pages</th>
      <th scope="col"><span class="hidden">Share</span></th>
    </tr>
    ${orders.map(
      ({ order, blocks, pages }) =>
        html`<tr>
          <th scope="row" class="number">${order}</th>
          <td class="number">${blocks}</td>
          <td class="number">${pages}</td>
          <td class="meter"><span class="part green" .style=${`width: ${(pages / most) * 100}%`}></span></td>
        </tr>`,
    )}
  </table>`;
}

function cardOf(card: Identified | Error): TemplateResult {
  if (card instanceof Error) return html`<p class="bad" role="alert">${card.message}</p>`;
  return html`<div class="story" role="status">
    <p>${link(card.address, card.address)}</p>
    ${card.containers.length === 0 ? html`<p class="count">Nothing that the kernel has a name for.</p>` : nothing}
    ${card.containers.map(
      ({ kind, facts }) =>
        html`<h3>${kind}</h3>
          <table>
            ${facts.map(
              ({ name, text, link: target }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td>${target === undefined ? text : link(text, target)}</td>
                </tr>`,
            )}
          </table>`,
    )}
  </div>`;
}
