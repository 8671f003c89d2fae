/** The page of one object. */
import type { nothing } from "lit-html";
import { html, render, type TemplateResult } from "lit-html";
import type { GridCell, GridColumn } from "../protocol/grid.ts";
import type { PageAction, Page, Variable } from "../protocol/panel.ts";
import type { Ask } from "./ask.ts";
import { link } from "./links.ts";
import { isAddress } from "./log/logText.ts";
import type { OutlinePosition } from "./outline.ts";
import { addressIn } from "./rowMenu.ts";
import { type GridRow, tabSeparated } from "./rows.ts";
import { Table } from "./table/table.ts";
import { failure, exportText, Reading, type View } from "./view.ts";

const COLUMNS: readonly GridColumn[] = [
  { name: "member", kind: "text" },
  { name: "value", kind: "text" },
  { name: "type", kind: "text" },
];
const VALUE = 1;

/** A member, and its children once they were requested. */
interface Node {
  readonly variable: Variable;
  readonly depth: number;
  open: boolean;
  children: readonly Node[] | undefined;
}

/** Shows an object as a tree of members, which are read when they are opened, like the Variables view. */
export class ObjectView implements View {
  readonly element = document.createElement("section");
  private readonly page: Page;
  private readonly ask: Ask;
  private readonly table: Table;
  private root: Node | undefined;
  private nodes: readonly Node[] = [];
  private rows: readonly GridRow[] = [];
  private readonly reading = new Reading(() => this.draw());

  constructor(page: Page, ask: Ask) {
    this.page = page;
    this.ask = ask;
    this.element.className = "page grid-page";
    this.table = new Table({
      element: this.element,
      label: page.title,
      draw: () => this.draw(),
      toggle: (row) => void this.toggle(row),
      cell: (cell, column, row) => this.cell(cell, column, row),
      actions: { struct: (row) => this.structOf(row), layout: (row) => this.layoutOf(row) },
    });
    new ResizeObserver(() => this.draw()).observe(this.element);
    void this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    // This page has no search box.
    if (action !== "find") exportText(this.ask, action, { text: tabSeparated(COLUMNS, this.rows), name: "object.tsv" });
  }

  private async load(): Promise<void> {
    await this.reading.run(async () => {
      const variable = await this.ask("evaluate", { expression: this.page.line });
      this.root = { variable, depth: 0, open: false, children: undefined };
      await this.open(this.root);
    });
    this.arrange();
  }

  private async open(node: Node): Promise<void> {
    if (node.variable.reference === 0) return;
    if (!node.children) {
      const { variables } = await this.ask("members", { reference: node.variable.reference });
      const depth = node.depth + 1;
      node.children = variables.map((variable) => ({ variable, depth, open: false, children: undefined }));
    }
    node.open = true;
  }

  private async toggle(row: number): Promise<void> {
    const node = this.nodes[row];
    if (!node) return;
    if (node.open) node.open = false;
    // An error here means that the session has ended; a member that cannot be read has a fault in its row.
    else await this.open(node).catch((error: Error) => (this.reading.error = error.message));
    this.arrange();
  }

  private arrange(): void {
    const nodes: Node[] = [];
    const waiting = this.root ? [this.root] : [];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      nodes.push(node);
      if (node.open) waiting.push(...(node.children ?? []).toReversed());
    }
    this.nodes = nodes;
    this.rows = nodes.map(({ variable: { name, value, type } }) => [name, value, type ?? null]);
    const outline = nodes.map(({ variable, depth, open }): OutlinePosition => ({
      depth,
      open: variable.reference === 0 ? undefined : open,
    }));
    // The first row is not measured, because its name is the expression, which is also the title.
    this.table.set({ columns: COLUMNS, rows: this.rows, outline, wide: VALUE }, this.rows.slice(1));
    this.draw();
  }

  /** Makes links of pointers, and of numbers that can only be addresses. Flags are not links. */
  private cell(cell: GridCell, column: number, row: number): unknown {
    const value = column === VALUE && typeof cell === "string" ? /^(0x[0-9a-f]{6,16})\b(.*)$/s.exec(cell) : null;
    const [, digits, rest] = value ?? [];
    if (digits === undefined) return undefined;
    const isPointer = this.nodes[row]?.variable.type?.includes("*") === true;
    return isPointer || isAddress(digits)
      ? html`${link(digits, digits)}${rest ? html`<span>${rest}</span>` : ""}`
      : undefined;
  }

  /** The struct that a row's pointer points at. */
  private structOf(row: number): string | undefined {
    const { type, value } = this.nodes[row]?.variable ?? {};
    const [name] = /^(struct|union) \w+(?= \*$)/.exec(type ?? "") ?? [];
    const address = addressIn(value ?? null);
    return name === undefined || address === undefined ? undefined : `*(${name} *)${address}`;
  }

  /** The command that prints the layout of a row's struct: of the row itself, or of what its pointer points at. */
  private layoutOf(row: number): string | undefined {
    const { type = "", value, address } = this.nodes[row]?.variable ?? {};
    const [, name, pointer] = /^(?:struct|union) (\w+)( \*)?$/.exec(type) ?? [];
    const at = pointer === undefined ? address : addressIn(value ?? null);
    return name === undefined || at === undefined ? undefined : `struct --table ${name} ${at}`;
  }

  private draw(): void {
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.reading.error !== undefined) return failure(this.reading.error, () => void this.load());
    if (!this.root) return this.reading.waiting(`Reading ${this.page.title}…`);
    return this.table.template();
  }
}
