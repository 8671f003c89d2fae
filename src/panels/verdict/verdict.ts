/** The Verdict page: a document that says what happened. Each sentence has links to its evidence. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { unlessRefused } from "../../base/refused.ts";
import type { PageAction } from "../../protocol/panel.ts";
import type { NoVmlinux } from "../../protocol/debuginfo.ts";
import type { VerdictSource, VerdictState } from "../../protocol/verdict.ts";
import type { Ask } from "../ask.ts";
import { followLink } from "../links.ts";
import { failure, exportText, Reading, type View } from "../view.ts";
import { FixesPart } from "./fixes.ts";
import { actOf, checkName, itemsOf, openQuestions } from "./verdictItems.ts";
import { copyButton, leadParagraph, type Outline, questionsPart, sectionPart, vmlinuxNotice } from "./verdictParts.ts";

/** Maximum number of requests in a row that may fail before the page stops running the checks. */
const MAX_REFUSALS = 3;

/** A document in sections. The checks run while the page requests them, and their findings appear one by one. */
export class VerdictView implements View {
  readonly element = document.createElement("section");
  private readonly ask: Ask;
  private state: VerdictState | undefined;
  private source: VerdictSource | null | undefined;
  private notice: NoVmlinux | null = null;
  private readonly unfolded = new Set<string>();
  /** Key of the item that has the tab stop. */
  private at = "";
  private isRunning = false;
  /** Why the last request failed. */
  private refusal: string | undefined;
  /** Grows when the verdict begins anew, so that answers of an earlier one are dropped. */
  private round = 0;
  private readonly reading = new Reading(() => this.draw());
  private fixes: FixesPart;

  constructor(ask: Ask) {
    this.ask = ask;
    this.fixes = this.freshFixes();
    this.element.className = "page verdict-page";
    void this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    // The page has no search box.
    if (action !== "find") void this.exportVerdict(action, undefined);
  }

  outdated(): void {
    this.state = undefined;
    this.source = undefined;
    this.fixes = this.freshFixes();
    void this.load();
  }

  private freshFixes(): FixesPart {
    return new FixesPart(this.ask, () => this.draw());
  }

  private async load(): Promise<void> {
    const round = ++this.round;
    await this.reading.run(async () => {
      const state = await this.ask("verdict", { known: 0, runs: false });
      if (round === this.round) this.state = state;
    });
    this.draw();
    if (!this.state || round !== this.round) return;
    void this.readNotice();
    await this.run();
  }

  /** Runs the checks until all have ended, the user stops them, the page is closed, or several requests in a row fail. */
  private async run(): Promise<void> {
    const { round } = this;
    let refusals = 0;
    this.isRunning = true;
    while (this.isRunning && round === this.round && this.state?.running !== undefined && this.element.isConnected) {
      try {
        const state = await this.ask("verdict", { known: this.state.version, runs: true });
        if (round !== this.round) return;
        this.state = state;
        this.refusal = undefined;
        refusals = 0;
      } catch (error) {
        this.refusal = error instanceof Error ? error.message : String(error);
        if (++refusals === MAX_REFUSALS) break;
      }
      this.draw();
      if (this.source === undefined) void this.readSource();
    }
    if (round !== this.round) return;
    this.isRunning = false;
    this.draw();
  }

  /** Reads the source lines once the place of the crash is known. */
  private async readSource(): Promise<void> {
    if (!this.state?.sections.some(({ id }) => id === "where")) return;
    this.source = null;
    const { round } = this;
    const answer = await unlessRefused(this.ask("verdictSource", {}));
    if (round !== this.round) return;
    this.source = answer?.source ?? null;
    this.draw();
  }

  private async readNotice(): Promise<void> {
    const { round } = this;
    const answer = await unlessRefused(this.ask("noVmlinux", {}));
    if (round !== this.round) return;
    this.notice = answer?.notice ?? null;
    this.draw();
  }

  private async exportVerdict(action: Exclude<PageAction, "find">, section: string | undefined): Promise<void> {
    const answer = await unlessRefused(this.ask("verdictText", { section }));
    if (answer) exportText(this.ask, action, { text: answer.text, name: "verdict.md", language: "markdown" });
  }

  private draw(): void {
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.reading.error !== undefined) return failure(this.reading.error, () => void this.load());
    const { state, unfolded } = this;
    if (!state) return this.reading.waiting("Reading the crash…");
    const items = itemsOf(state, unfolded);
    const outline: Outline = {
      at: items.some(({ key }) => key === this.at) ? this.at : (items[0]?.key ?? ""),
      unfolded,
      ask: this.ask,
      toggle: (key) => this.toggle(key),
      copy: (section) => void this.exportVerdict("copy", section),
    };
    return html`<div
      class="verdict"
      @keydown=${(event: KeyboardEvent) => this.onKey(event)}
      @focusin=${(event: FocusEvent) => this.onFocus(event)}
    >
      <div class="head">
        ${leadParagraph(state)}${copyButton("Copy as Markdown", () => void this.exportVerdict("copy", undefined))}
      </div>
      ${this.notice === null ? nothing : vmlinuxNotice(this.notice, this.ask)}
      ${state.sections.map((section) => sectionPart(section, outline, section.id === "where" ? this.source : null))}
      ${state.sections.some(({ id }) => id === "where") ? this.fixes.template() : nothing} ${this.progressRow(state)}
      ${questionsPart(openQuestions(state), this.ask)}
      <p class="key">Key for finding the same bug again: <code>${state.key}</code></p>
    </div>`;
  }

  /** Returns the line that says which check runs, that some were not run, or why the last request failed. */
  private progressRow({ done, total, running }: VerdictState): TemplateResult | typeof nothing {
    const refusal = this.refusal === undefined ? nothing : html`<p class="bad" role="alert">${this.refusal}</p>`;
    if (running === undefined) return refusal;
    if (this.isRunning)
      return html`${refusal}
        <p class="progress" role="status">
          <span class="spinner"></span>Checking ${checkName(running)}: ${done} of ${total} checks are done.
          <button class="toggle" @click=${() => (this.isRunning = false)}>Stop</button>
        </p>`;
    return html`${refusal}
      <p class="progress" role="status">
        Stopped: ${total - done} of ${total} checks have not run.
        <button class="toggle" @click=${() => void this.run()}>Continue</button>
      </p>`;
  }

  private toggle(key: string): void {
    if (!this.unfolded.delete(key)) this.unfolded.add(key);
    this.at = key;
    this.draw();
  }

  /** Gives the tab stop to the item that has the focus, so that Tab leads through its links. */
  private onFocus({ target }: FocusEvent): void {
    const item = target instanceof Element ? target.closest<HTMLElement>("[data-item]") : null;
    const key = item?.dataset["item"];
    if (key === undefined || key === this.at) return;
    this.at = key;
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    const element = event.target instanceof Element ? event.target : undefined;
    // Links and buttons within an item take Enter and the space bar themselves.
    const isItem = element?.matches("[data-item]") === true;
    if (!this.state || !element?.closest("[data-item]") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!isItem && (event.key === "Enter" || event.key === " ")) {
      if (!element.matches("[data-target]")) return;
      event.preventDefault();
      return (element as HTMLElement).click();
    }
    const act = actOf(event.key, this.at, itemsOf(this.state, this.unfolded), this.unfolded);
    if (!act) return;
    event.preventDefault();
    if (act.kind === "follow") return followLink(act.link.kind, act.link.target, element);
    if (act.kind === "fold") this.unfolded.delete(act.key);
    if (act.kind === "unfold") this.unfolded.add(act.key);
    this.at = act.key;
    this.draw();
    this.element.querySelector<HTMLElement>(`[data-item="${CSS.escape(act.key)}"]`)?.focus();
  }
}
