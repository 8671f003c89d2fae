/** The page of memory at an address. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import type { MemoryWords } from "../../protocol/memory.ts";
import type { GridCell } from "../../protocol/grid.ts";
import type { PageAction, Page } from "../../protocol/panel.ts";
import type { Ask } from "../ask.ts";
import type { DumpState } from "../dumpState.ts";
import { recall, remember } from "../host.ts";
import { arrowLeft, arrowRight } from "../icons.ts";
import { link } from "../links.ts";
import { openMenuBelow } from "../menu.ts";
import { Table } from "../table/table.ts";
import { exportText, failure, Reading, select, toSearchBox, type View } from "../view.ts";
import { byteRows, addressText, cArray, columnsOf, hexDump, overlayOf, type Overlay, searchLine, VALUE, WORD_SIZES, type WordSize } from "./byteRows.ts"; // prettier-ignore

/** Number of bytes that the page shows. */
const SHOWN = 4096;

/** Shows memory in words, with what they are part of and what they point at. */
export class BytesView implements View {
  readonly element = document.createElement("section");
  private readonly ask: Ask;
  private readonly state: DumpState;
  private readonly table: Table;
  private readonly reading = new Reading(() => this.draw());
  private memory: MemoryWords | undefined;
  /** Resolves when the words of the last place are there. */
  private loading = Promise.resolve();
  /** The size that the user chose; 0 for that of a pointer, which differs between dumps. */
  private chosen: WordSize | 0 = recall<WordSize | 0>("bytes size", 0);
  private overlay: { readonly start: bigint; readonly members: Overlay; readonly type: string } | undefined;
  /** Why the struct cannot be laid over the words. */
  private overlayError = "";
  /** The places that were shown, and the position among them. */
  private readonly places: string[] = [];
  private at = -1;

  constructor(page: Page, ask: Ask, state: DumpState) {
    this.ask = ask;
    this.state = state;
    this.element.className = "page grid-page bytes-page";
    this.table = new Table({
      element: this.element,
      label: `Memory at ${page.line}`,
      draw: () => this.draw(),
      cell: (cell, column, row) => this.cell(cell, column, row),
    });
    this.element.addEventListener("follow", (event) => {
      event.stopPropagation();
      this.goTo((event as CustomEvent<string>).detail);
    });
    new ResizeObserver(() => this.draw()).observe(this.element);
    this.goTo(page.line);
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    if (action === "find") return toSearchBox(this.element);
    if (this.memory) exportText(this.ask, action, { text: hexDump(this.memory), name: `${this.memory.address}.txt` });
  }

  /** Shows another place: an address, a symbol or an expression. */
  private goTo(text: string): void {
    if (text.trim() === "") return;
    this.places.splice(this.at + 1);
    this.at = this.places.push(text.trim()) - 1;
    this.loading = this.load();
  }

  private step(direction: 1 | -1): void {
    this.at += direction;
    this.loading = this.load();
  }

  private async load(): Promise<void> {
    const place = this.places[this.at] ?? "";
    await this.reading.run(async () => {
      this.memory = await this.ask("words", { address: place, count: SHOWN });
    });
    this.table.toTop();
    this.arrange();
  }

  private arrange(): void {
    const { memory, size, overlay } = this;
    if (memory) {
      const columns = columnsOf(size, memory.wordSize);
      this.table.set({ columns, rows: byteRows(memory, { size, overlay }), wide: columns.length - 1 });
    }
    this.draw();
  }

  /** Lays a struct over the words from the address of the page on. An empty text removes it. */
  private async layOver(text: string): Promise<void> {
    await this.loading;
    const type = text.trim().replace(/^(struct|union)\s+/, "");
    this.overlayError = "";
    this.overlay = undefined;
    if (type !== "" && this.memory) {
      const { address } = this.memory;
      const line = `struct --table ${type} ${address}`;
      const grid = await this.ask("run", { line }).catch((error: Error) => error);
      const members = grid instanceof Error ? undefined : overlayOf(grid);
      if (members?.size) this.overlay = { start: BigInt(address), members, type };
      else this.overlayError = grid instanceof Error ? grid.message : (grid.remarks[0] ?? `${line}: no members`);
    }
    this.arrange();
  }

  private get bookmarks(): readonly string[] {
    return this.state.recall<readonly string[]>("bookmarks", []);
  }

  private setBookmark(address: string, isSet: boolean): void {
    const others = this.bookmarks.filter((one) => one !== address);
    this.state.remember("bookmarks", isSet ? [...others, address] : others);
    this.draw();
  }

  /** Makes links of pointers, which lead to the memory that they point at. */
  private cell(cell: GridCell, column: number, row: number): unknown {
    const target = column === VALUE && this.size === this.memory?.wordSize && this.memory.words[row]?.target;
    return typeof cell === "string" && target ? link(cell, `0x${cell}`, "memory") : undefined;
  }

  private draw(): void {
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.reading.error !== undefined) {
      return html`${this.toolbar()}${failure(this.reading.error, () => void this.load())}`;
    }
    if (!this.memory) return this.reading.waiting("Reading memory…");
    return html`${this.toolbar()}${this.table.template()}`;
  }

  private toolbar(): TemplateResult {
    const { memory, places, at, overlay } = this;
    const page = (direction: bigint) => () =>
      this.goTo(addressText(BigInt(memory?.address ?? 0) + direction * BigInt(SHOWN), memory?.wordSize ?? 8));
    return html`<div class="toolbar">
      <button class="toggle" title="Back" aria-label="Back" ?disabled=${at <= 0} @click=${() => this.step(-1)}>
        ${arrowLeft}
      </button>
      <button
        class="toggle"
        title="Forward"
        aria-label="Forward"
        ?disabled=${at >= places.length - 1}
        @click=${() => this.step(1)}
      >
        ${arrowRight}
      </button>
      ${this.box({ label: "Go to", value: places[at] ?? "", hint: "Address, symbol or expression" }, (text) => this.goTo(text))}
      <button class="toggle" @click=${page(-1n)}>Previous Page</button>
      <button class="toggle" @click=${page(1n)}>Next Page</button>
      ${select(
        "Size of words",
        WORD_SIZES.map((size) => (size === 1 ? "1 byte" : `${size} bytes`)),
        WORD_SIZES.indexOf(this.size),
        (index) => this.setSize(WORD_SIZES[index] ?? 8),
      )}
      ${this.box({ label: "Struct", value: overlay?.type ?? "", hint: "Struct to lay over" }, (text) => void this.layOver(text))}
      ${this.box({ label: "Search memory", value: "", hint: 'Search: number or "text"' }, (text) => this.search(text))}
      ${memory ? this.bookmarkControls(memory.address) : nothing}
      <button class="toggle" aria-haspopup="menu" @click=${(event: MouseEvent) => this.openCopyMenu(event)}>
        Copy As
      </button>
      <span class="count" role="status">${memory?.what ?? ""}</span>
      ${this.overlayError === "" ? nothing : html`<span class="bad" role="alert">${this.overlayError}</span>`}
    </div>`;
  }

  /** Opens the places in kernel memory that have a number or a text. */
  private search(text: string): void {
    const line = searchLine(text, this.size);
    if (line !== undefined) void this.ask("openTable", { line });
  }

  /** A box whose text takes effect with Enter. */
  private box(
    { label, value, hint }: { readonly label: string; readonly value: string; readonly hint: string },
    done: (text: string) => void,
  ): TemplateResult {
    return html`<input
      type="search"
      class="place"
      aria-label=${label}
      placeholder=${hint}
      .value=${value}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === "Enter") done((event.target as HTMLInputElement).value);
      }}
    />`;
  }

  private bookmarkControls(address: string): TemplateResult {
    const { bookmarks } = this;
    const isSet = bookmarks.includes(address);
    return html`<button class="toggle" aria-pressed=${isSet} @click=${() => this.setBookmark(address, !isSet)}>
        Bookmark
      </button>
      ${
        bookmarks.length === 0
          ? nothing
          : select("Bookmarks", ["Bookmarks", ...bookmarks], 0, (index) => {
              const chosen = bookmarks[index - 1];
              if (chosen !== undefined) this.goTo(chosen);
            })
      }`;
  }

  private openCopyMenu({ currentTarget }: MouseEvent): void {
    const { memory } = this;
    if (!memory) return;
    const copy = (label: string, text: string) => ({ label, run: () => void this.ask("copy", { text }) });
    const digits = memory.words.map(({ bytes }) => bytes).join("");
    const items = [
      copy("Hex Dump", hexDump(memory)),
      copy("Hexadecimal Digits", digits),
      copy("C Array", cArray(memory)),
    ];
    openMenuBelow(currentTarget as HTMLElement, [items], "Copy As");
  }

  private get size(): WordSize {
    const { chosen, memory } = this;
    return chosen === 0 ? (WORD_SIZES.find((size) => size === memory?.wordSize) ?? 8) : chosen;
  }

  private setSize(size: WordSize): void {
    this.chosen = size === this.memory?.wordSize ? 0 : size;
    remember("bytes size", this.chosen);
    this.arrange();
  }
}
