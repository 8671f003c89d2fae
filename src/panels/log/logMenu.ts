/** The context menu of a log's line, and the menu that adds a filter. */
import { markdownBlock } from "../../base/markdown.ts";
import type { Ask } from "../ask.ts";
import { followLink } from "../links.ts";
import { contextMenuPoint, openMenu, openMenuBelow, type MenuGroups, type MenuItem } from "../menu.ts";
import { chipText, commonest, type LineFacts, type LogChip } from "./logChips.ts";
import type { LogEnd } from "./logClock.ts";
import type { LogFilter } from "./logFilter.ts";
import type { LogLine, RowNumber } from "./logLines.ts";
import type { LoadedLog } from "./logLoad.ts";
import type { LogPlace } from "./logPlace.ts";
import type { LogRows } from "./logRows.ts";

/** Number of CPUs, tasks and subsystems that the menu offers; those with most lines. */
const OFFERED = 6;

/** The page of a log. */
interface LogPage {
  readonly page: HTMLElement;
  readonly place: LogPlace;
  readonly entries: readonly RowNumber[];
  readonly log: LoadedLog;
  readonly lines: LogRows;
  readonly filter: LogFilter;
  readonly ask: Ask;
  /** Shows the lines around a line, without a filter. */
  readonly around: (line: number) => void;
}

/** Opens the menu of the line under the mouse; by key, of the line with the cursor. */
export function openLineMenu(event: MouseEvent, of: LogPage): void {
  const { page, place, entries, log, lines, filter, ask, around } = of;
  const clicked = (event.target as Element).closest<HTMLElement>("[data-row]");
  if (clicked) place.cursor = Number(clicked.dataset["row"]);
  const { scroller, cursor } = place;
  const number = lines.lineOf(entries[cursor] ?? Infinity);
  const line = log.lines[number ?? -1];
  const element = clicked ?? page.querySelector(`[data-row="${cursor}"]`);
  if (!scroller || number === undefined || !line || !element) return;
  event.preventDefault();
  const text = lines.selected(page.querySelector(".log .body"), entries) ?? lines.textWithSources(number) ?? line.text;
  const groups = lineMenu({
    line,
    facts: lines.facts[number],
    text,
    isFiltered: !filter.isPlain,
    ask,
    element,
    add: (chip) => filter.add(chip),
    around: () => around(number),
  });
  openMenu(groups, contextMenuPoint(element, clicked ? event : undefined), scroller, "Line");
}

/** Opens the menu of filters below the button that was clicked. */
export function openFilterMenu(
  { currentTarget }: MouseEvent,
  facts: readonly LineFacts[],
  end: LogEnd,
  filter: LogFilter,
): void {
  const groups = filterMenu({ facts, end, add: (chip) => filter.add(chip) });
  openMenuBelow(currentTarget as HTMLElement, groups, "Add Filter");
}

interface LinePlace {
  readonly line: LogLine;
  readonly facts: LineFacts | undefined;
  /** The selected lines, else the line, as text. */
  readonly text: string;
  /** Whether a filter hides lines around this one. */
  readonly isFiltered: boolean;
  readonly ask: Ask;
  /** The element that shows an error. */
  readonly element: Element;
  readonly add: (chip: LogChip) => void;
  readonly around: () => void;
}

/** Returns the menu of a line: copying, going on, and limiting the log to lines like it. */
function lineMenu({ line, facts, text, isFiltered, ask, element, add, around }: LinePlace): MenuGroups {
  const rows = text.split("\n");
  const lines = rows.length > 1 ? `${rows.length} Lines` : "Line";
  const { task } = facts ?? {};
  return [
    [
      { label: `Copy ${lines}`, run: () => void ask("copy", { text }) },
      { label: `Copy ${lines} as Markdown`, run: () => void ask("copy", { text: markdownBlock(rows) }) },
    ],
    [
      ...(isFiltered ? [{ label: "Lines Around", run: around }] : []),
      ...(task === undefined ? [] : [{ label: "Go to Task", run: () => followLink("task", task, element) }]),
    ],
    [...factItems(facts, add), ...timeItems(line, add)],
  ];
}

const filterItem = (label: string, chip: LogChip, add: (chip: LogChip) => void): MenuItem => ({
  label,
  run: () => add(chip),
});

const factItems = (facts: LineFacts | undefined, add: (chip: LogChip) => void): MenuItem[] =>
  KINDS.flatMap((kind) => {
    const value = facts?.[kind];
    return value === undefined ? [] : [filterItem(`Filter by ${title({ kind, value })}`, { kind, value }, add)];
  });

const timeItems = ({ seconds }: LogLine, add: (chip: LogChip) => void): MenuItem[] =>
  seconds === undefined
    ? []
    : [
        filterItem("From Here", { kind: "from", value: seconds.toFixed(6) }, add),
        filterItem("Until Here", { kind: "to", value: seconds.toFixed(6) }, add),
      ];

const KINDS = ["cpu", "task", "subsystem"] as const;

/** Lengths of the ranges of time in seconds. */
const RANGES = [1, 10, 60] as const;

interface WholeLog {
  readonly facts: readonly LineFacts[];
  readonly end: LogEnd;
  readonly add: (chip: LogChip) => void;
}

/** Returns the menu of all filters that the log offers: its CPUs, tasks and subsystems, and the last seconds. */
function filterMenu({ facts, end, add }: WholeLog): MenuGroups {
  const { seconds: last = 0, name } = end;
  return [
    ...KINDS.map((kind) =>
      commonest(facts, kind, OFFERED).map(({ value, count }) =>
        filterItem(`${title({ kind, value })} (${count})`, { kind, value }, add),
      ),
    ),
    RANGES.filter((seconds) => seconds < last).map((seconds) =>
      filterItem(
        `Last ${seconds === 1 ? "Second" : `${seconds} Seconds`} before ${name}`,
        { kind: "from", value: (last - seconds).toFixed(6) },
        add,
      ),
    ),
  ];
}

/** Returns `Task 169`. */
const title = (chip: LogChip): string => chipText(chip).replace(/^./, (letter) => letter.toUpperCase());
