/** The filter of a log and its controls; the settings are kept for the next time that the page opens. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { DumpState } from "../dumpState.ts";
import { closeIcon, regularExpressionIcon } from "../icons.ts";
import { regularExpression } from "../../base/regularExpression.ts";
import { nothingLeft, select } from "../view.ts";
import { chipText, type LogChip, withChip } from "./logChips.ts";

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
  /** The filters by CPU, task, subsystem and time. */
  chips: readonly LogChip[];
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
    this.chips = state.recall<readonly LogChip[]>("log chips", []);
  }

  /** Whether the filter shows everything: no search, all levels, no chips. */
  get isPlain(): boolean {
    return this.search === "" && this.level === EVERYTHING && this.chips.length === 0;
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
    this.chips = [];
  }

  /** Shows everything, and keeps that. */
  private reset(): void {
    this.clear();
    this.state.remember("log search", this.search);
    this.state.remember("log level", this.level);
    this.state.remember("log chips", this.chips);
    this.changed();
  }

  /** Limits the log further. */
  add(chip: LogChip): void {
    this.setChips(withChip(this.chips, chip));
  }

  private setChips(chips: readonly LogChip[]): void {
    this.chips = chips;
    this.state.remember("log chips", chips);
    this.changed();
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

  /** @param add opens the menu that adds a chip, below the button that was clicked */
  controls(add: (event: MouseEvent) => void): TemplateResult {
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
      ${select("Level", LEVELS, this.level, (index) => this.setLevel(index))}
      <button class="toggle" aria-haspopup="menu" title="Filter by CPU, Task, Subsystem or Time" @click=${add}>
        Add Filter
      </button>
      ${this.chips.map((chip) => removable(chipText(chip), () => this.setChips(this.chips.filter((one) => one !== chip))))}
      ${this.level === EVERYTHING ? nothing : removable((LEVELS[this.level] ?? "").toLowerCase(), () => this.setLevel(EVERYTHING))}`;
  }

  /** Returns the content to show when no line matches the filter. */
  nothingLeft(isAllRead: boolean): TemplateResult {
    const searched = this.search === "" ? "" : ` with “${this.search}”`;
    const chosen = this.level === EVERYTHING ? "" : ` (level: ${LEVELS[this.level]?.toLowerCase()})`;
    const read = isAllRead ? "" : " in the part read so far";
    const limited = this.chips.length === 0 ? "" : ` (${this.chips.map(chipText).join(", ")})`;
    return nothingLeft(`No line${searched}${read}${chosen}${limited}.`, () => this.reset());
  }
}

/** A filter that is set, with a button that removes it. */
const removable = (text: string, remove: () => void): TemplateResult =>
  html`<span class="filter-chip"
    >${text}<button title="Remove Filter" aria-label=${`Remove filter ${text}`} @click=${remove}>
      ${closeIcon}
    </button></span
  >`;
