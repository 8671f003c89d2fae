/** The buttons for the reports of a log. */
import { html, nothing, type TemplateResult } from "lit-html";
import { arrowDown, arrowUp, collapseAll, expandAll } from "../icons.ts";
import type { LogRows } from "./logRows.ts";

export interface ReportActions {
  readonly explain: () => void;
  /** Goes to the next report, or to the previous one. */
  readonly step: (direction: 1 | -1) => void;
  readonly foldAll: () => void;
}

/** Returns the buttons; `nothing` for a log without reports. @param count number of reports in the log */
export function reportButtons(
  count: number,
  { explains, areAllFolded }: LogRows,
  { explain, step, foldAll }: ReportActions,
): TemplateResult | typeof nothing {
  if (count === 0) return nothing;
  return html`<span class="reports">
    <span class="count">${count === 1 ? "1 report" : `${count} reports`}</span>
    <button class="toggle" aria-pressed=${explains} title="Explain Registers and Code of Reports" @click=${explain}>
      Explain
    </button>
    <button class="toggle" title="Previous Report" aria-label="Previous Report" @click=${() => step(-1)}>
      ${arrowUp}
    </button>
    <button class="toggle" title="Next Report" aria-label="Next Report" @click=${() => step(1)}>${arrowDown}</button>
    <button class="toggle" title="Fold All Reports" aria-label="Fold All Reports" @click=${foldAll}>
      ${areAllFolded ? expandAll : collapseAll}
    </button>
  </span>`;
}
