/** Filters of a log by CPU, task, subsystem and time, which the page shows as removable chips. It does not use the DOM. */
import type { LogLine, LogReport } from "./logLines.ts";

export interface LogChip {
  readonly kind: "cpu" | "task" | "subsystem" | "from" | "to";
  /** A number of a CPU, a PID, a word, or seconds since boot. */
  readonly value: string;
}

/** Returns `CPU 1`, `task 169`, `subsystem usb`, `from 12.345678 s` or `until 12.345678 s`. */
export function chipText({ kind, value }: LogChip): string {
  switch (kind) {
    case "cpu":
      return `CPU ${value}`;
    case "from":
      return `from ${value} s`;
    case "to":
      return `until ${value} s`;
    default:
      return `${kind} ${value}`;
  }
}

/** Returns the chips with another one, in place of one of its kind. */
export const withChip = (chips: readonly LogChip[], chip: LogChip): LogChip[] => [
  ...chips.filter(({ kind }) => kind !== chip.kind),
  chip,
];

/**
 * A subsystem or driver by which a message begins: `usb 1-1: …`, `EXT4-fs (vda1): …`, `systemd[1]: …`. A second word
 * names a device, which has a digit.
 */
const SUBSYSTEM = /^([A-Za-z][\w./-]{0,30})(?: (?=[\w:.-]{0,24}\d)[\w:.-]{1,24})?(?: ?\([^)]{1,40}\)|\[\d{1,10}\])?: /;

/** Returns the subsystem or driver that a message names first; undefined if it names none. */
export const subsystemOf = (text: string): string | undefined => SUBSYSTEM.exec(text)?.[1];

/** Facts that are in a line of the log, or in the report that it belongs to. */
export interface LineFacts {
  readonly cpu: string | undefined;
  readonly task: string | undefined;
  readonly subsystem: string | undefined;
}

/** Returns the facts of each line. A line of a report has the CPU and the task of the report, and no subsystem. */
export function factsOfLines(lines: readonly LogLine[], reports: readonly LogReport[]): LineFacts[] {
  const facts = lines.map(({ text, caller }): LineFacts => {
    const [, kind, number] = /^([TC])(\d+)$/.exec(caller ?? "") ?? [];
    return {
      cpu: kind === "C" ? number : undefined,
      // T0 is the idle task of any CPU.
      task: kind === "T" && number !== "0" ? number : undefined,
      subsystem: subsystemOf(text),
    };
  });
  for (const { first, end, facts: of } of reports) {
    for (let i = first; i < end && i < facts.length; i++) {
      const { cpu, task } = facts[i] ?? {};
      facts[i] = { cpu: of?.cpu?.toString() ?? cpu, task: of?.pid?.toString() ?? task, subsystem: undefined };
    }
  }
  return facts;
}

/** Returns whether a line passes all chips; undefined without chips. Lines without a time are in every range of time. */
export function chipTest(
  chips: readonly LogChip[],
  facts: readonly LineFacts[],
): ((line: LogLine, index: number) => boolean) | undefined {
  if (chips.length === 0) return undefined;
  return (line, index) => chips.every((chip) => passes(chip, line, facts[index]));
}

function passes({ kind, value }: LogChip, { seconds }: LogLine, facts: LineFacts | undefined): boolean {
  if (kind === "from") return seconds === undefined || seconds >= Number(value);
  if (kind === "to") return seconds === undefined || seconds <= Number(value);
  return facts?.[kind] === value;
}

/** Returns the values of a kind that most lines have, with their counts: at most `limit`, none of a single line. */
export function commonest(
  facts: readonly LineFacts[],
  kind: keyof LineFacts,
  limit: number,
): { readonly value: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { [kind]: value } of facts) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .filter(({ count }) => count > 1)
    .sort((a, b) => b.count - a.count)
    .slice(0, limit);
}
