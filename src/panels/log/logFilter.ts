/** The filter of a log and its controls; the settings are kept for the next time that the page opens. */
import { html, type TemplateResult } from "lit-html";
import type { DumpState } from "../dumpState.ts";
import { regularExpressionIcon } from "../icons.ts";
import { regularExpression } from "../../base/regularExpression.ts";
import { nothingLeft, select } from "../view.ts";

/** Names of the levels 0 to 7; each level includes all that are more severe. */
const LEVELS = [
  "Emergencies",
  "Alerts and worse",
  "Critical and worse",
  "Errors and worse",
  "Warnings and worse",
  "Notices and worse",
  "All but debug",
  "Everything",
];
/** The log level at which all messages are shown: KERN_DEBUG. */
const EVERYTHING = 7;

export class LogFilter {
  private search: string;
  private isExpression: boolean;
  private readonly state: DumpState;
  private readonly changed: () => void;
  /** The highest level that is shown. */
  level: number;

  /** @param changed called when the user changes the filter */
  constructor(state: DumpState, changed: () => void) {
    this.state = state;
    this.changed = changed;
    this.search = state.recall("log search", "");
    this.isExpression = state.recall("log expression", false);
    this.level = state.recall("log level", EVERYTHING);
  }

  /** Whether the filter shows everything: no search, all levels. */
  get isPlain(): boolean {
    return this.search === "" && this.level === EVERYTHING;
  }

  /** The search as a regular expression. Undefined without a search, and when it is not a valid regular expression. */
  get pattern(): RegExp | undefined {
    if (this.search === "") return undefined;
    return regularExpression(this.isExpression ? this.search : this.search.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
  }

  /** Shows everything, without changing the kept settings. */
  clear(): void {
    this.search = "";
    this.level = EVERYTHING;
  }

  private setSearch(search: string): void {
    this.search = search;
    this.state.remember("log search", search);
    this.changed();
  }

  private setExpression(isExpression: boolean): void {
    this.isExpression = isExpression;
    this.state.remember("log expression", isExpression);
    this.changed();
  }

  private setLevel(level: number): void {
    this.level = level;
    this.state.remember("log level", level);
    this.changed();
  }

  controls(): TemplateResult {
    const isWrong = this.search !== "" && this.pattern === undefined;
    return html`<input
        type="search"
        class=${isWrong ? "wrong" : ""}
        aria-label="Search the log"
        aria-invalid=${isWrong}
        placeholder="Search"
        .value=${this.search}
        @input=${({ target }: InputEvent) => this.setSearch((target as HTMLInputElement).value)}
      />
      <button
        class="toggle"
        aria-pressed=${this.isExpression}
        aria-label="Use Regular Expression"
        title="Use Regular Expression"
        @click=${() => this.setExpression(!this.isExpression)}
      >
        ${regularExpressionIcon}
      </button>
      ${select("Level", LEVELS, this.level, (index) => this.setLevel(index))}`;
  }

  /** Returns the content to show when no line matches the filter. */
  nothingLeft(isAllRead: boolean): TemplateResult {
    const searched = this.search === "" ? "" : ` with “${this.search}”`;
    const chosen = this.level === EVERYTHING ? "" : ` (level: ${LEVELS[this.level]?.toLowerCase()})`;
    const read = isAllRead ? "" : " in the part read so far";
    return nothingLeft(`No line${searched}${read}${chosen}.`, () => {
      this.setSearch("");
      this.setLevel(EVERYTHING);
    });
  }
}
