/** The Waits page: a drawing of which task waits for which. */
import { html, nothing, render, svg, type TemplateResult } from "lit-html";
import { unlessRefused } from "../../base/refused.ts";
import type { TaskStack } from "../../protocol/custom.ts";
import type { Grid } from "../../protocol/grid.ts";
import type { PageAction, Page } from "../../protocol/panel.ts";
import type { Ask } from "../ask.ts";
import { recall, remember } from "../host.ts";
import { link } from "../links.ts";
import { tabSeparated } from "../rows.ts";
import { stackList } from "../stackList.ts";
import { failure, exportText, nothingToShow, Reading, type View } from "../view.ts";
import { type Edge, type Layout, layoutOf, neighbour, NODE, type Placed } from "./waitsLayout.ts";
import { type Cycle, type TaskNode, type WaitsModel, waitsModel } from "./waitsModel.ts";
import { HEADINGS, HOLDS, relation } from "./waitsWords.ts";

/** The margin around the drawing in pixels: room for the edges that close a cycle. */
const MARGIN = 22;
const ZOOMS = [0.5, 0.65, 0.8, 1, 1.25, 1.5, 2] as const;

/**
 * A drawing of the wait graph, cycles first. Below it are the stacks of the selected task and of the task it waits for.
 */
export class WaitsView implements View {
  readonly element = document.createElement("section");
  private readonly page: Page;
  private readonly ask: Ask;
  private grid: Grid | undefined;
  private model: WaitsModel | undefined;
  private layout: Layout | undefined;
  private selected = "";
  private readonly stacks = new Map<string, TaskStack>();
  private zoom = recall("waits zoom", 1);
  private readonly reading = new Reading(() => this.draw());

  constructor(page: Page, ask: Ask) {
    this.page = page;
    this.ask = ask;
    this.element.className = "page waits-page";
    void this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    const [table] = this.grid?.tables ?? [];
    // The page has no search box.
    if (action === "find" || !table) return;
    exportText(this.ask, action, { text: tabSeparated(table.columns, table.rows), name: "waits.tsv" });
  }

  private async load(): Promise<void> {
    await this.reading.run(async () => {
      this.grid = await this.ask("run", { line: this.page.line });
      this.model = waitsModel(this.grid);
      this.layout = layoutOf(this.model);
    });
    this.draw();
    const first = this.model?.cycles[0]?.tasks[0] ?? this.model?.order[0];
    if (first !== undefined) await this.select(first);
  }

  /** Selects a node and shows its stack, and that of the task it waits for. */
  private async select(key: string): Promise<void> {
    this.selected = key;
    this.draw();
    const unread = this.pair().flatMap(({ key: task }) => (this.stacks.has(task) ? [] : [task]));
    if (unread.length === 0) return;
    const answer = await unlessRefused(this.ask("stacks", { tasks: unread }));
    for (const stack of answer?.stacks ?? []) this.stacks.set(stack.task, stack);
    this.draw();
  }

  /**
   * Returns the selected task and the first holder of what it waits for; for a selected resource, its first waiter and
   * its holder.
   */
  private pair(): readonly TaskNode[] {
    const { model } = this;
    const task = model?.tasks.get(this.selected);
    const resource = model?.resources.get(task ? (task.waitsFor ?? "") : this.selected);
    const waiter = task ?? [...(model?.tasks.values() ?? [])].find((one) => one.waitsFor === this.selected);
    const holder = model?.tasks.get(resource?.holders[0]?.task ?? "");
    return [waiter, holder === waiter ? undefined : holder].filter((one) => one !== undefined);
  }

  private draw(): void {
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.reading.error !== undefined) return failure(this.reading.error, () => void this.load());
    const { grid, model, layout } = this;
    if (!grid || !model || !layout) return this.reading.waiting("Reading what tasks wait for…");
    if (model.order.length === 0) return nothingToShow(this.ask, grid.remarks.join(" ") || "No task is blocked.");
    return html`<div class="toolbar">
        <span class="count" role="status">${countText(model)}</span>
        <span role="group" aria-label="Zoom" class="choice">
          <button class="toggle" aria-label="Zoom Out" @click=${() => this.zoomBy(-1)}>−</button>
          <button
            class="toggle"
            aria-label=${`${Math.round(this.zoom * 100)} %: Actual Size`}
            @click=${() => this.zoomTo(1)}
          >
            ${Math.round(this.zoom * 100)} %
          </button>
          <button class="toggle" aria-label="Zoom In" @click=${() => this.zoomBy(1)}>+</button>
        </span>
        <button class="toggle" @click=${() => void this.ask("openTable", { line: this.page.line })}>
          Show as Table
        </button>
        ${layout.omitted > 0 ? html`<span class="count">${layout.omitted} more tasks are in the table</span>` : nothing}
        ${grid.remarks.map((remark) => html`<span class="bad" title=${remark}>${remark}</span>`)}
      </div>
      ${model.cycles.map((cycle) => deadlock(model, cycle))} ${this.drawing(layout)} ${this.pairOfStacks()}`;
  }

  private drawing({ placed, edges, width, height }: Layout): TemplateResult {
    const [w, h] = [width + 2 * MARGIN, height + 2 * MARGIN];
    return html`<div
      class="graph"
      role="group"
      aria-label="Who waits for whom. Right arrow: what it waits for. Left arrow: who waits for it."
      @keydown=${(event: KeyboardEvent) => this.onKey(event)}
    >
      <div class="sheet" .style=${`width: ${w * this.zoom}px; height: ${h * this.zoom}px`}>
        <div class="canvas" .style=${`width: ${w}px; height: ${h}px; transform: scale(${this.zoom})`}>
          <svg width=${w} height=${h} aria-hidden="true">
            <defs>
              <marker
                id="arrow"
                viewBox="0 0 8 8"
                refX="8"
                refY="4"
                markerWidth="9"
                markerHeight="9"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path d="M0 0 8 4 0 8z" fill="context-stroke"></path>
              </marker>
            </defs>
            ${edges.map((edge) => edgePath(placed, edge))}
          </svg>
          ${[...placed].map(([key, one]) => this.nodeButton(key, one))}
        </div>
      </div>
    </div>`;
  }

  private nodeButton(key: string, { node, x, y, omitted }: Placed): TemplateResult {
    const isSelected = key === this.selected;
    const more = omitted > 0 ? ` and ${omitted} more waiters` : "";
    const classes = `node ${node.kind}${node.inCycle ? " cycle" : ""}${isSelected ? " selected" : ""}`;
    return html`<button
      class=${classes}
      data-key=${key}
      aria-pressed=${isSelected}
      tabindex=${isSelected ? 0 : -1}
      title=${`${node.name}${node.state === "" ? "" : `\n${node.state}`}${more}`}
      .style=${`left: ${x + MARGIN}px; top: ${y + MARGIN}px; width: ${NODE.width}px; height: ${NODE.height}px`}
      @click=${() => void this.select(key)}
      @dblclick=${() => this.goTo(key)}
    >
      <span class=${node.state === "" && omitted === 0 ? "name alone" : "name"}>${node.name}</span
      ><span class="about">${node.state}${more}</span>
    </button>`;
  }

  private goTo(key: string): void {
    const resource = this.model?.resources.get(key);
    if (this.model?.tasks.has(key)) void this.ask("selectTask", { task: key });
    else if (resource?.address !== undefined) void this.ask("goTo", { text: resource.address });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "+" || event.key === "=") this.zoomBy(1);
    else if (event.key === "-") this.zoomBy(-1);
    else if (event.key === "0") this.zoomTo(1);
    else if (event.key === "Enter") this.goTo(this.selected);
    else {
      const next = this.layout && neighbour(this.layout, this.selected, event.key);
      if (next === undefined) return;
      void this.select(next);
      this.element.querySelector<HTMLElement>(".node.selected")?.focus();
    }
    event.preventDefault();
  }

  private zoomBy(steps: number): void {
    const at = ZOOMS.findIndex((zoom) => zoom >= this.zoom);
    this.zoomTo(ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at + steps))] ?? 1);
  }

  private zoomTo(zoom: number): void {
    this.zoom = zoom;
    remember("waits zoom", zoom);
    this.draw();
  }

  /** Returns how the task on the right is related to the resource that the task on the left waits for. */
  private holderText({ key }: TaskNode): string {
    const { model } = this;
    const waiter = this.pair()[0];
    const resource = model?.resources.get(waiter?.waitsFor ?? "");
    const holder = resource?.holders.find(({ task }) => task === key);
    if (!holder) return "";
    return `${HOLDS[resource?.isLock ? "lock" : "other"][holder.certainty]}: ${holder.how}`;
  }

  /** Returns two stacks side by side: the waiting task's, and that of the task it waits for. */
  private pairOfStacks(): TemplateResult {
    return html`<div class="pair" tabindex="0" role="region" aria-label="Stacks">
      ${this.pair().map(
        (task, at) =>
          html`<div>
            <h2>
              ${link(task.name, task.key, "task")}
              <span class="count">${at === 0 ? waitsText(this.model, task) : this.holderText(task)}</span>
            </h2>
            ${stackList(this.stacks.get(task.key))}
          </div>`,
      )}
    </div>`;
  }
}

function countText({ order, cycles }: WaitsModel): string {
  const tasks = order.length === 1 ? "1 blocked task" : `${order.length} blocked tasks`;
  const deadlocks = cycles.filter(({ certainty }) => certainty === "certain").length;
  return deadlocks === 0 ? tasks : `${deadlocks === 1 ? "1 deadlock" : `${deadlocks} deadlocks`}, ${tasks}`;
}

const waitsText = (model: WaitsModel | undefined, { waitsFor, state }: TaskNode): string => {
  const resource = model?.resources.get(waitsFor ?? "");
  return resource ? `waits for ${resource.name}` : state;
};

/** Returns the sentence about a cycle: `lab_left [278] waits for mutex lab_mutex_b, held by lab_right [279]; …` */
function deadlock({ tasks, resources }: WaitsModel, { tasks: cycle, certainty }: Cycle): TemplateResult {
  return html`<p class="deadlock">
    <strong>${HEADINGS[certainty]}</strong>
    ${cycle.map((key, at) => {
      const [task, next] = [tasks.get(key), tasks.get(cycle[(at + 1) % cycle.length] ?? "")];
      const resource = resources.get(task?.waitsFor ?? "");
      const what = resource?.address === undefined ? resource?.name : link(resource.name, resource.address);
      return html`${at > 0 ? "; " : ""}${link(task?.name ?? key, key, "task")} waits for ${what},
      ${relation(resource, next?.key)} ${link(next?.name ?? "", next?.key ?? "", "task")}`;
    })}.
  </p>`;
}

/** An arrow with its label: a curve to the right, or above the nodes if it leads back and closes a cycle. */
function edgePath(placed: ReadonlyMap<string, Placed>, edge: Edge): TemplateResult {
  const { from, to, isCertain, inCycle, label, title } = edge;
  const [a, b] = [placed.get(from), placed.get(to)];
  if (!a || !b) return svg``;
  const classes = `edge${inCycle ? " cycle" : ""}${isCertain ? "" : " possible"}`;
  const { d, x, y } = b.x > a.x ? curve(a, b) : detour(a, b);
  return svg`<path class=${classes} d=${d} marker-end="url(#arrow)"><title>${title}</title></path>
    <text class="edge-label" x=${x} y=${y}>${label}</text>`;
}

/** The path of an arrow, and the middle of the base line of its label. */
interface EdgeShape {
  readonly d: string;
  readonly x: number;
  readonly y: number;
}

function curve(a: Placed, b: Placed): EdgeShape {
  const half = NODE.height / 2;
  const [x1, y1, x2, y2] = [a.x + NODE.width + MARGIN, a.y + half + MARGIN, b.x + MARGIN, b.y + half + MARGIN];
  const bend = Math.min(NODE.gapX, x2 - x1) / 2;
  const d = `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  return { d, x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 4 };
}

function detour(a: Placed, b: Placed): EdgeShape {
  const [x1, x2] = [a.x + NODE.width * 0.8 + MARGIN, b.x + NODE.width * 0.2 + MARGIN];
  const [y1, y2] = [a.y + MARGIN, b.y + MARGIN];
  const top = Math.min(y1, y2) - MARGIN + 8;
  const d = `M${x1} ${y1} V${top + 6} Q${x1} ${top} ${x1 - 8} ${top} H${x2 + 8} Q${x2} ${top} ${x2} ${top + 6} V${y2}`;
  return { d, x: (x1 + x2) / 2, y: top + 4 };
}
