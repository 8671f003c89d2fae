import { html, nothing, type TemplateResult } from "lit-html";
import type { PageAction } from "../protocol/panel.ts";
import type { Ask } from "./ask.ts";

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

/** What a page reads before there is anything to draw. */
export class Reading {
  /** What it failed with. */
  error: string | undefined;
  private isSlow = false;
  private readonly draw: () => void;

  /** @param draw shows the page anew: that it takes long has become worth a word */
  constructor(draw: () => void) {
    this.draw = draw;
  }

  /** Reads, or keeps why that failed. */
  async run(read: () => Promise<void>): Promise<void> {
    this.error = undefined;
    const timer = setTimeout(() => {
      this.isSlow = true;
      this.draw();
    }, PATIENCE_MS);
    try {
      await read();
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    clearTimeout(timer);
  }

  /** What stands in the page's place until then. */
  waiting(what: string): TemplateResult | typeof nothing {
    return this.isSlow ? html`<p class="state" role="status"><span class="spinner"></span>${what}</p>` : nothing;
  }
}

/** Takes what a page shows elsewhere, as text. */
export function handOut(
  ask: Ask,
  action: Exclude<PageAction, "find">,
  { text, name, language = "plaintext" }: { readonly text: string; readonly name: string; readonly language?: string },
): void {
  if (action === "copy") void ask("copy", { text });
  else if (action === "openDocument") void ask("openDocument", { text, language });
  else void ask("save", { text, name });
}

export const failure = (message: string, again: () => void): TemplateResult =>
  html`<div class="state" role="alert">
    <p class="bad">${message}</p>
    <button @click=${again}>Try Again</button>
  </div>`;

/** In place of a page that there is nothing for, with why; what is missing for want of symbols or types can be got. */
export const nothingToShow = (ask: Ask, why: string): TemplateResult =>
  html`<div class="state">
    <p>${why}</p>
    ${
      /\bvmlinux\b|\bno (symbols?|struct|type)\b/.test(why)
        ? html`<button @click=${() => void ask("showDebugSymbols", {})}>Show Debug Symbols</button>`
        : nothing
    }
  </div>`;

/** In place of rows of which a search leaves none: that it does so, and the way back. */
export const nothingLeft = (why: string, clear: () => void): TemplateResult =>
  html`<div class="state" role="status">
    <p>${why}</p>
    <button @click=${clear}>Clear</button>
  </div>`;

/** Puts the cursor in a page's box for words to find, and what stands there is replaced by what is typed. */
export function toSearchBox(page: HTMLElement): void {
  const box = page.querySelector("input");
  box?.focus();
  box?.select();
}

/** `1 row`, `12,000 rows`. */
export const counted = (count: number, what: string): string =>
  `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

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

/** A choice of one among titles, by their numbers. */
export function select(
  label: string,
  titles: readonly string[],
  chosen: number,
  choose: (index: number) => void,
): TemplateResult {
  return html`<select
    aria-label=${label}
    @change=${({ target }: Event) => choose((target as HTMLSelectElement).selectedIndex)}
  >
    ${titles.map((title, i) => html`<option ?selected=${i === chosen}>${title}</option>`)}
  </select>`;
}
