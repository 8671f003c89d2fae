/** The parts that all pages of the panel share. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { PageAction } from "../protocol/panel.ts";
import type { Ask } from "./ask.ts";
import type { Choice } from "./choices.ts";

/** A page of the panel. It is created when it is first shown and kept as long as its session. */
export interface View {
  readonly element: HTMLElement;
  /** Called when the page becomes visible. */
  show(): void;
  /** Performs the action of a button in the view's title. */
  act(action: PageAction): void;
  /** Called when debuginfo has arrived, so that the page can show more. */
  outdated?(): void;
  /** Shows a line, counted from the end of the log. */
  goToLine?(fromEnd: number): Promise<void>;
}

/** Number of milliseconds before a page shows that it is reading. */
const SLOW_MS = 500;

/** The reading of a page's data before there is anything to draw. */
export class Reading {
  /** The message of the error, if reading failed. */
  error: string | undefined;
  private isSlow = false;
  private readonly draw: () => void;

  /** @param draw draws the page again; called when reading takes long */
  constructor(draw: () => void) {
    this.draw = draw;
  }

  /** Runs the reading and stores its error. */
  async run(read: () => Promise<void>): Promise<void> {
    this.error = undefined;
    const timer = setTimeout(() => {
      this.isSlow = true;
      this.draw();
    }, SLOW_MS);
    try {
      await read();
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    clearTimeout(timer);
  }

  /**
   * Returns the text to show while reading takes long. @param stop ends the reading with what was read so far; undefined
   * if that is not possible
   */
  waiting(what: string, stop?: () => void): TemplateResult | typeof nothing {
    if (!this.isSlow) return nothing;
    return html`<div class="state" role="status">
      <p><span class="spinner"></span>${what}</p>
      ${stop ? html`<button class="secondary" @click=${stop}>Stop</button>` : nothing}
    </div>`;
  }
}

/** Passes the text of a page to the clipboard, a file or an editor. */
export function exportText(
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

/**
 * Returns what a page without content shows: the reason, and a button for Debug Symbols if the reason names missing
 * symbols or types.
 */
export const nothingToShow = (ask: Ask, why: string): TemplateResult =>
  html`<div class="state">
    <p>${why}</p>
    ${
      /\bvmlinux\b|\bno (symbols?|struct|type)\b/.test(why)
        ? html`<button @click=${() => void ask("showDebugSymbols", {})}>Show Debug Symbols</button>`
        : nothing
    }
  </div>`;

/** Returns what a page shows when a search matches no row, with a button that clears the search. */
export const nothingLeft = (why: string, clear: () => void): TemplateResult =>
  html`<div class="state" role="status">
    <p>${why}</p>
    <button @click=${clear}>Clear</button>
  </div>`;

/** Moves the cursor to the page's search box and selects its text. */
export function toSearchBox(page: HTMLElement): void {
  const box = page.querySelector("input");
  box?.focus();
  box?.select();
}

/** Returns `1 row` or `12,000 rows`. */
export const counted = (count: number, what: string): string =>
  `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

/** The filter box above a table. @param isWrong whether its regular expression is invalid */
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

/** A drop-down list of a table's values. @param choose called with undefined for all rows */
export const choiceList = (
  { title, options, more }: Choice,
  chosen: string | undefined,
  choose: (value: string | undefined) => void,
): TemplateResult =>
  html`<label class="choice-list"
    >${title}
    <select @change=${({ target }: Event) => choose(options[(target as HTMLSelectElement).selectedIndex - 1]?.value)}>
      <option .selected=${chosen === undefined}>all</option>
      ${options.map(({ value, count }) => html`<option .selected=${value === chosen}>${value} (${count})</option>`)}
      ${more > 0 ? html`<option disabled>${more} more: use the filter</option>` : nothing}
    </select></label
  >`;

/** A choice of one among titles, by index. */
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
