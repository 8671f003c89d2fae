/** The summary of a report that all clients show. */
import { hex0x } from "../base/hex.ts";
import type { LogContext, SourceLine } from "./context.ts";
import { explanationOf } from "./explain.ts";
import { factsOf, type ReportFacts } from "./facts.ts";
import type { KernelLog } from "./kernelLog.ts";
import type { ReportKind, ReportSeverity } from "./kinds.ts";
import { instructionOf, instructionText } from "./instruction.ts";
import { shortPlaceText } from "./place.ts";
import type { Report } from "./reports.ts";
import { taintWords } from "./taint.ts";

/** A fact of a report, as all clients show it. */
export interface SummaryRow {
  readonly key: string;
  /** Label shown to the user. */
  readonly label: string;
  readonly text: string;
}

/** The summary that all clients show. It is the same for the same context. */
export interface Summary {
  readonly title: string;
  readonly kind: ReportKind;
  readonly severity: ReportSeverity;
  /** syzkaller's class; empty where it has none. */
  readonly type: string;
  readonly headline: string;
  readonly explanation: string;
  /** Functions of the kernel that print such a report. */
  readonly printedBy: string;
  /** Lines of the log from 0; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly at: number;
  readonly rows: readonly SummaryRow[];
}

/** Summarizes a report. */
export function summaryOf(log: KernelLog, report: Report, context: LogContext = {}): Summary {
  const facts = factsOf(log, report);
  const { title, kind, severity, type, headline } = facts;
  const { start, end, at } = report;
  return {
    title,
    kind,
    severity,
    type,
    headline,
    explanation: explanationOf(facts, context),
    printedBy: report.headline.row.printedBy,
    start,
    end,
    at,
    rows: rowsOf(facts, context),
  };
}

/** Returns `f+0x1c`, without the size, which readers do not need. */
export const whereText = (place: ReportFacts["guilty"] & object): string => shortPlaceText(place.place);

/**
 * Returns the source line of the guilty function: from the log itself, else from the kernel's files; undefined if
 * neither has it.
 */
export function sourceOfGuilty({ guilty }: ReportFacts, context: LogContext): SourceLine | undefined {
  if (guilty?.file !== undefined) return { file: guilty.file, line: guilty.line ?? 0 };
  return guilty?.place.offset === undefined ? undefined : context.sourceOf?.(guilty.place, guilty.returns);
}

function rowsOf(facts: ReportFacts, context: LogContext): SummaryRow[] {
  const { guilty, access, comm, pid, cpu, release, distribution, taint, hardware, panic, messages } = facts;
  const source = sourceOfGuilty(facts, context);
  const module = guilty?.place.module === undefined ? "" : ` of module ${guilty.place.module}`;
  const at = source ? ` (${source.file}:${source.line})` : "";
  const words = taint === undefined ? undefined : taintWords(taint);
  const rows: (readonly [string, string, string | undefined])[] = [
    [
      "says",
      "Says",
      messages.length > 0 && !facts.particulars.some(({ key }) => key === "says") ? messages.join(" / ") : undefined,
    ],
    ["where", whereLabel(facts), guilty && `${whereText(guilty)}${module}${at}`],
    ["access", "Access", accessText(facts)],
    ["instruction", "Instruction", textOfInstruction(facts, context)],
    [
      access.isPage ? "page" : "address",
      access.isPage ? "Page" : "Address",
      access.address === undefined ? undefined : hex0x(access.address),
    ],
    comm === undefined && pid === undefined
      ? ["cpu", "CPU", cpu?.toString()]
      : ["task", "Task", taskText(comm, pid, cpu)],
    ...facts.particulars.map(({ key, label, text }) => [key, label, text] as const),
    [
      "kernel",
      "Kernel",
      release === undefined ? undefined : `${release}${distribution === undefined ? "" : ` (${distribution})`}`,
    ],
    ["taint", "Tainted", words === undefined ? undefined : words.length > 0 ? words.join(", ") : "no"],
    ["hardware", "Hardware", hardware],
    [
      "panic",
      "Panic",
      panic === undefined || facts.severity === "panic"
        ? undefined
        : panic.replace(/^Kernel panic - not syncing: ?/, ""),
    ],
  ];
  const seen = new Set<string>();
  return rows.flatMap(([key, label, text]) => {
    if (text === undefined || text === "" || seen.has(key)) return [];
    seen.add(key);
    return [{ key, label, text }];
  });
}

/** Returns the label for the guilty function, by its part in this kind of report. */
function whereLabel({ kind, report: { headline } }: ReportFacts): string {
  if (headline.row.guilty === "origin") return "Allocated for";
  if (kind === "lock-freed" || kind === "lock-held") return "Lock taken in";
  // The stack is full of calls below this function; which one reached its end is chance.
  return kind === "stack-guard" || kind === "stack-overflow" ? "Reached through" : "Where";
}

function textOfInstruction(facts: ReportFacts, context: LogContext): string | undefined {
  const instruction = instructionOf(facts, context);
  return instruction && instructionText(instruction);
}

const taskText = (comm: string | undefined, pid: number | undefined, cpu: number | undefined): string =>
  [comm, pid === undefined ? undefined : `PID ${pid}`, cpu === undefined ? undefined : `CPU ${cpu}`]
    .filter((part) => part !== undefined)
    .join(", ");

const VERBS = { read: "read", write: "write", execute: "instruction fetch", access: "access" } as const;

function accessText({ access: { verb, size, isForbidden, words } }: ReportFacts): string | undefined {
  if (words.length > 0 && size === undefined) return words.join("; ");
  if (verb === undefined) return undefined;
  const of = size === undefined ? "" : ` of ${size} byte${size === 1 ? "" : "s"}`;
  const why = isForbidden === true ? ", the page does not allow it" : isForbidden === false ? ", no page is there" : "";
  return `${VERBS[verb]}${of}${why}`;
}
