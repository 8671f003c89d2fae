/** The section "Already fixed?": commits after the dump's release that change the guilty function, on demand. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { LaterCommit, LaterCommits } from "../../protocol/laterCommits.ts";
import type { Ask } from "../ask.ts";
import { copyIcon } from "../icons.ts";
import { againWords, listWords, MORE_SECONDS, placeWords, restWords, SECONDS } from "./fixesWords.ts";

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "searching"; readonly isStopping: boolean }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "found"; readonly found: LaterCommits };

/** Runs the search when the user presses the button, and draws its answer. */
export class FixesPart {
  private state: State = { kind: "idle" };
  private readonly ask: Ask;
  private readonly draw: () => void;

  /** @param draw draws the page again */
  constructor(ask: Ask, draw: () => void) {
    this.ask = ask;
    this.draw = draw;
  }

  template(): TemplateResult {
    return html`<div class="part-of-verdict fixes" role="group" aria-labelledby="verdict-fixes">
      <div class="part-head"><h2 id="verdict-fixes">Already fixed?</h2></div>
      <div class="part-body">${this.body()}</div>
    </div>`;
  }

  private body(): TemplateResult {
    const { state } = this;
    switch (state.kind) {
      case "idle":
        return html`<p>
            Lists the commits after the release of this kernel that change the guilty function, from the git repository
            of its source.
          </p>
          ${this.searchButton("Look in Git…", SECONDS)}`;
      case "searching":
        return html`<p role="status">
          <span class="spinner"></span>${state.isStopping ? "Stopping git…" : "Git searches the branches…"}
          <button class="toggle" ?disabled=${state.isStopping} @click=${() => this.stop()}>Stop</button>
        </p>`;
      case "failed":
        return html`<p class="bad" role="alert">${state.why}</p>
          ${this.searchButton("Look Again", SECONDS)}`;
      case "found":
        return this.list(state.found);
    }
  }

  private list(found: LaterCommits): TemplateResult {
    const { commits, revision, endedBy } = found;
    const head = listWords(found);
    const again = againWords(found);
    return html`${head === undefined ? nothing : html`<p>${head}</p>`}
    ${
      commits.length === 0
        ? nothing
        : html`<table class="commits" aria-labelledby="verdict-fixes">
            <tbody>
              ${commits.map((one) => this.commitRow(one, revision))}
            </tbody>
          </table>`
    }
    ${restWords(found).map((sentence) => html`<p class="quiet">${sentence}</p>`)}
    ${again === undefined ? nothing : this.searchButton(again, endedBy === "limit" ? MORE_SECONDS : SECONDS)}`;
  }

  private commitRow(commit: LaterCommit, revision: string | undefined): TemplateResult {
    const label = `Copy ${commit.commit}`;
    return html`<tr>
      <td>
        <button
          class="toggle"
          title=${label}
          aria-label=${label}
          @click=${() => void this.ask("copy", { text: commit.commit })}
        >
          <code>${commit.commit.slice(0, 12)}</code> ${copyIcon}
        </button>
      </td>
      <td class="date">${commit.date}</td>
      <td>${commit.subject} <span class="quiet">(${placeWords(commit, revision)})</span></td>
    </tr>`;
  }

  private searchButton(title: string, seconds: number): TemplateResult {
    return html`<button class="secondary" @click=${() => void this.search(seconds)}>${title}</button>`;
  }

  private async search(seconds: number): Promise<void> {
    this.become({ kind: "searching", isStopping: false });
    try {
      this.become({ kind: "found", found: await this.ask("fixes", { seconds }) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.become({ kind: "failed", why: message === "cancelled" ? "The search was cancelled." : message });
    }
  }

  private stop(): void {
    this.become({ kind: "searching", isStopping: true });
    // The search answers with what it has found.
    void this.ask("stopFixes", {});
  }

  private become(state: State): void {
    this.state = state;
    this.draw();
  }
}
