import { html, type TemplateResult } from "lit-html";
import type { PageAction } from "../protocol/panel.ts";

/** One page of the panel: made when it is first looked at, kept as long as its session. */
export interface View {
  readonly element: HTMLElement;
  /** It has come to the front. */
  show(): void;
  /** A button of the view's title. */
  act(action: PageAction): void;
}

/** A wait that is shorter than this is not worth a word. */
const PATIENCE_MS = 500;

/** Calls back once when work takes long enough to say so. @returns what calls it off */
export function whenSlow(say: () => void): () => void {
  const timer = setTimeout(say, PATIENCE_MS);
  return () => clearTimeout(timer);
}

export const busy = (what: string): TemplateResult =>
  html`<p class="state" role="status"><span class="spinner"></span>${what}</p>`;

export const failure = (message: string, again: () => void): TemplateResult =>
  html`<div class="state" role="alert">
    <p class="bad">${message}</p>
    <button @click=${again}>Try Again</button>
  </div>`;

/** The box above a table whose words leave rows out; `isWrong` marks an expression that is none. */
export const filterBox = (text: string, isWrong: boolean, set: (text: string) => void): TemplateResult =>
  html`<input
    type="search"
    class=${isWrong ? "wrong" : ""}
    aria-label="Filter"
    aria-invalid=${isWrong}
    placeholder="Filter: words, name:value, /expression/"
    .value=${text}
    @input=${({ target }: InputEvent) => set((target as HTMLInputElement).value)}
  />`;
