/** The facts of a report, gathered from its lines. */
import { exactAccess } from "./instruction.ts";
import { partitionPoint } from "../base/search.ts";
import { type Access, accessOf } from "./facts/access.ts";
import { causeOf, canLeadTo, isOfOtherCpu } from "./facts/cause.ts";
import { isMixedUp } from "./facts/mixed.ts";
import { type Particular, particularsOf } from "./facts/particulars.ts";
import { type System, systemOf } from "./facts/system.ts";
import { type TaskFact, taskOf } from "./facts/task.ts";
import { type Frame, verdictOf } from "./guilty.ts";
import { AFTER_HUNG, isTraceLine, RULE } from "./forms.ts";
import type { KernelLog } from "./kernelLog.ts";
import type { ReportKind, ReportSeverity } from "./kinds.ts";
import { isMachineLine, type MachineName } from "./machines.ts";
import { shortPlaceText } from "./place.ts";
import type { Report } from "./reports.ts";
import { titleOf } from "./title.ts";
import { linkOf, siteIn } from "./facts/site.ts";
import { type SiteLine, stacksOf, type Trace } from "./traces.ts";
import { typeOf } from "./type.ts";

export type { Access } from "./facts/access.ts";
export type { Particular } from "./facts/particulars.ts";

/** The contents of a report, by field. */
export interface ReportFacts extends TaskFact, System {
  readonly report: Report;
  /** The title, in syzkaller's scheme. */
  readonly title: string;
  readonly kind: ReportKind;
  readonly severity: ReportSeverity;
  /** syzkaller's class; empty where it has none. */
  readonly type: string;
  /** The first line, as the kernel printed it. */
  readonly headline: string;
  /** Messages of the report's lines, and the index of each line in the log. */
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
  /** The guilty function. */
  readonly guilty: Frame | undefined;
  /**
   * Where the processor was, for the report itself: not a CPU that printed its stack on request, and not an interrupted
   * frame.
   */
  readonly site: SiteLine | undefined;
  /** The register of the return address, where the machine prints one beside the place. */
  readonly link: SiteLine | undefined;
  readonly machine: MachineName | undefined;
  readonly access: Access;
  readonly traces: readonly Trace[];
  readonly particulars: readonly Particular[];
  /** Messages of the report in the author's own words, besides the headline; empty for most reports. */
  readonly messages: readonly string[];
  /** The panic message that the kernel printed when it stopped because of this report. */
  readonly panic: string | undefined;
}

const cache = new WeakMap<Report, ReportFacts>();

/** Collects the facts of a report, from its text alone. */
export function factsOf(log: KernelLog, report: Report): ReportFacts {
  let facts = cache.get(report);
  if (!facts) {
    const found = read(log, report);
    facts = { ...found, access: exactAccess(found) };
    cache.set(report, facts);
  }
  return facts;
}

/** Maximum number of lines of a report that are read for facts, because tables of tasks at its end have thousands. */
const MAX_LINES = 4000;

function read(log: KernelLog, report: Report): ReportFacts {
  const { row, groups } = report.headline;
  const { otherCpusLine = Infinity } = report;
  const numbers = log.linesOf(report).slice(0, MAX_LINES);
  // Mails and bug trackers indent a log.
  const texts = numbers.map((at) => (log.lines[at]?.text ?? "").trimStart());
  const { traces, sites } = stacksOf(log, report);
  const isHung = row.kind === "hung-task";
  const ownEnd = numbers.findIndex((at, i) => at >= otherCpusLine || (isHung && AFTER_HUNG.test(texts[i] ?? "")));
  const beforeOthers = ownEnd < 0 ? texts : texts.slice(0, ownEnd);
  const site = siteIn(
    sites.filter((one) => one.role === "pc" && !one.isUser && one.at <= otherCpusLine && isOwnSite(one, row.kind)),
  );
  const machine = site?.machine ?? sites[0]?.machine;
  const task = taskOf(
    row.kind === "rcu-stall" ? beforeOthers.filter((text) => !RCU_THREAD.test(text)) : beforeOthers,
    groups,
    /^(?:lock-|rcu-usage)/.test(row.kind),
  );
  const headline = log.lines[report.at]?.text.trim() ?? "";
  const before = causeOf(log, report);
  const cause = before && canLeadTo(headline, factsOf(log, before)) ? before : undefined;
  const isMixed =
    isMixedUp(log, report, texts) || (cause !== undefined && isOfOtherCpu(headline, task, factsOf(log, cause)));
  const verdict = isMixed ? { frame: undefined, name: undefined } : verdictOf(log, report);
  const messages = messagesIn(log, report);
  const access = accessOf(beforeOthers, machine, row.kind);
  const particulars = [...particularsOf(isHung ? beforeOthers : texts, row.kind), ...causeFact(log, cause)];
  const values = {
    ...Object.fromEntries(particulars.map(({ key, text }) => [key, text])),
    Access: access.verb === "read" ? "Read" : access.verb === "write" ? "Write" : undefined,
    said: messages[0],
    word: /^(?:\[ )?([A-Z]+):/.exec(log.lines[report.at]?.text.trim() ?? "")?.[1],
    ...(groups.function === undefined ? {} : { name: groups.function }),
  };
  const title = titleOf(report, verdict, values);
  return {
    report,
    title,
    kind: row.kind,
    severity: row.severity,
    type: row.type ?? typeOf(title),
    headline,
    texts,
    numbers,
    ...(isMixed ? NO_TASK : task),
    ...systemOf(texts, bootBefore(log, report.start)),
    guilty: verdict.frame,
    site: isMixed || ONLY_STACK.test(row.kind) ? undefined : site,
    link: site && linkOf(sites, site),
    machine,
    access,
    traces: isMixed ? [] : ownTraces(report, traces),
    particulars,
    messages,
    panic: panicOf(log, report),
  };
}

/** RCU's own thread, whose stack a stall shows beside that of the task it waits for (rcu_check_gp_kthread_starvation()). */
const RCU_THREAD = /^\s{0,32}task:rcu_(?:preempt|sched|bh|exp)\w{0,16} /;

/** Kinds that print a stack alone: registers among their lines are another report's. */
const ONLY_STACK = /^(?:lock-(?!bug)|rcu-usage|preemptible|atomic-|workqueue-leak|spinlock)/;

/**
 * Leaves out the stack of an injected failure that another CPU prints. Only for logs whose lines do not name the task
 * or CPU that printed them (CONFIG_PRINTK_CALLER).
 */
const ownTraces = ({ caller, headline }: Report, traces: readonly Trace[]): readonly Trace[] =>
  caller !== undefined || headline.row.kind === "forced-failure"
    ? traces
    : traces.filter(
        ({ role, entries }) => role !== "stack" || !entries.some(({ name }) => /^should_fail/.test(name ?? "")),
      );

/**
 * Returns the message of the panic that the report led to; undefined if it led to none. A task that oopsed prints its
 * end mark before it panics (oops_end): a "Fatal exception" before that mark is of another CPU.
 */
function panicOf(log: KernelLog, { panicLine: panic, end }: Report): string | undefined {
  if (panic === undefined) return undefined;
  const text = log.lines[panic]?.text ?? "";
  if (!text.includes("Fatal exception")) return text;
  for (let at = panic + 1; at < end; at++) if (/^---\[ end trace/.test(log.lines[at]?.text ?? "")) return undefined;
  return text;
}

const NO_TASK: TaskFact = { cpu: undefined, pid: undefined, comm: undefined };

/**
 * Whether a line with registers belongs to the event itself. Within a trace, only those of a failed check do: a
 * sanitizer's trace shows the registers of an interrupted frame.
 */
function isOwnSite({ isWithinTrace }: SiteLine, kind: ReportKind): boolean {
  if (!isWithinTrace) return true;
  return ["warning", "refcount", "odebug", "lock-bug", "kernel-bug", "list-corruption"].includes(kind);
}

/**
 * Lines that are not messages: rules and marks, and lines that another task printed between the report's (recognised by
 * their form, because the log does not name who printed a line).
 */
const NOT_SAID =
  /^(?:$|-{6,}|={20,}|8<---|audit: |Hardware name:|CPU: \d|Modules linked in|(?:Read|Write) of size \d|\? |FAULT_INJECTION: |name \w{1,64}, interval \d)/;

/**
 * Returns the messages between the cut mark and the headline, or the line after the headline: of a warning before
 * v4.13, of lockdep's own bugs, of a Rust panic.
 */
function messagesIn(log: KernelLog, report: Report): string[] {
  const textOf = (at: number): string => log.lines[at]?.text.trim() ?? "";
  const messages: string[] = [];
  const hasTime = log.lines[report.at]?.seconds !== undefined;
  /** The kernel's own line: a program's line on the same console has no time. */
  const isKernel = (at: number): boolean => log.isOwn(report, at) && (!hasTime || log.lines[at]?.seconds !== undefined);
  // Reports of lockdep and the sanitizers begin with a rule: lines between it and the headline are not their messages.
  const start = RULE.test(textOf(report.start)) ? report.at : report.start;
  for (let at = start; at < report.at; at++) {
    if (isKernel(at) && !NOT_SAID.test(textOf(at)) && !isTraceLine(log.lines[at]?.text ?? ""))
      messages.push(textOf(at));
  }
  if (messages.length > 0 || !["warning", "lock-bug", "rust-panic"].includes(report.headline.row.kind)) return messages;
  let at = report.at + 1;
  while (at < report.end - 1 && !isKernel(at)) at++;
  const next = textOf(at);
  // A Rust panic is printed in one call, so both of its lines have the same time. For a warning, the line must be
  // between lines of the report.
  const isOwn =
    report.headline.row.kind === "rust-panic"
      ? log.lines[at]?.seconds === log.lines[report.at]?.seconds
      : at < report.end - 1;
  if (!isOwn || !isKernel(at)) return [];
  return NOT_SAID.test(next) ||
    isMachineLine(next) ||
    isTraceLine(log.lines[at]?.text ?? "") ||
    /^(?:Modules linked|CPU: |Call Trace|Call trace|Backtrace|Hardware|Kernel panic|Pid: |RIP|------|task|pstate|pc :|PC is|\w+: \w+\+0x|\[<)/.test(
      next,
    )
    ? []
    : [next];
}

function bootBefore(log: KernelLog, start: number): string | undefined {
  const at = log.boots[partitionPoint(log.boots.length, (i) => (log.boots[i] ?? start) < start) - 1];
  return at === undefined ? undefined : log.lines[at]?.text;
}

/** Maximum length in characters of the headline of a cause that is shown. */
const MAX_HEADLINE = 160;

/** The report that led to a panic: its own first line, with the place of the processor and the task that it is about. */
function causeFact(log: KernelLog, cause: Report | undefined): Particular[] {
  if (!cause) return [];
  const { headline, site, comm, pid } = factsOf(log, cause);
  const at = site?.place;
  const place = at?.name === undefined || headline.includes(at.name) ? "" : ` in ${shortPlaceText(at)}`;
  const task =
    comm === undefined || headline.includes(comm) ? "" : ` (${comm}${pid === undefined ? "" : `, PID ${pid}`})`;
  const text = `${headline.slice(0, MAX_HEADLINE).replace(/[.!]$/, "")}${place}${task}`;
  return [{ key: "cause", label: "Cause", text }];
}
