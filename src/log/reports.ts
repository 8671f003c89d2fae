/** Where reports begin and end, found line by line. */
import {
  ALL_CPUS,
  BOOT,
  CUT,
  END,
  isAfterwards,
  isBodyOf,
  isOfAside,
  isTraceLine,
  PANIC,
  PRELUDE,
  RULE,
  STACK_HEADER,
} from "./forms.ts";
import { type Headline, headlineOf, isAsideKind, type ReportKind } from "./kinds.ts";
import type { LogLine } from "./lines.ts";
import type { OpenReport, Pending, Report, State } from "./report.ts";

export type { OpenReport, Report, State } from "./report.ts";

/** Maximum number of foreign lines between two lines of a report; with more of them the report has ended. */
const MAX_GAP = 16;
/** Maximum number of foreign lines between two lines before the call trace of a report. */
const MAX_EARLY_GAP = 48;
/** Maximum number of lines of others, and of user programs, between two lines of a report. */
const MAX_LINES = 2000;
/** Maximum number of lines between the cut mark and the headline: the message of WARN(). */
const MAX_SAID = 10;
/** Maximum number of lines between the message of a check and its BUG(), or between a fault and die()'s line. */
const MAX_BEFORE_DIE = 24;
/** Maximum number of reports of different callers that are open at the same time. */
const MAX_OPEN = 64;
/** Maximum pause within a report, in seconds: a serial console is slow, but pauses for less. */
export const MAX_SECONDS = 30;
/** Reports that the sanitizers close with a rule. */
const RULED: ReadonlySet<ReportKind> = new Set(["kasan", "kmsan", "kcsan", "kfence", "ubsan", "slab"]);
/** Kinds of reports whose later headlines may be far after the first. */
const FAR: ReadonlySet<ReportKind> = new Set(["oom", "machine-check", "slab", "kasan"]);
/** Kinds whose first line precedes the cut mark (lib/list_debug.c, mm/usercopy.c). */
const BEFORE_CUT: ReadonlySet<ReportKind> = new Set(["list-corruption", "usercopy", "fortify", "rust-panic"]);
/** Panics that are not caused by an earlier report. */
const OWN: ReadonlySet<ReportKind> = new Set(["stack-corrupted"]);

/**
 * Suffix of the key of a notice that another CPU prints into a report, in a log whose lines do not name who printed
 * them.
 */
const ASIDE = "\u0000";

/** Whether a report is lockdep's, whose lines differ by their form from those of an injected failure. */
const isOfLocks = ({ headline }: OpenReport): boolean => /^(?:lock-|rcu-usage)/.test(headline.row.kind);

const IDLE: State = { open: new Map(), pending: new Map() };

/** Finds reports, line by line. Its state is small, so that it can be saved and resumed. */
export class Scanner {
  private readonly open: Map<string, OpenReport>;
  private readonly pending: Map<string, Pending>;
  private readonly found: (report: Report) => void;

  constructor(found: (report: Report) => void, from: State = IDLE) {
    this.found = found;
    this.open = new Map([...from.open].map(([key, report]) => [key, { ...report }]));
    this.pending = new Map(from.pending);
  }

  /** Returns the present state. */
  get state(): State {
    if (this.open.size === 0 && this.pending.size === 0) return IDLE;
    return {
      open: new Map([...this.open].map(([key, report]) => [key, { ...report }])),
      pending: new Map(this.pending),
    };
  }

  read(line: LogLine, at: number): void {
    if (line.isForeign) return;
    const { text } = line;
    const key = this.keyOf(line);
    if (BOOT.test(text)) return this.closeAll();
    this.forget(at, line);
    this.resolveInterruption(key, text);
    if (CUT.test(text)) return this.readCut(key, at);
    if (PRELUDE.test(text)) this.readPrelude(key, at);
    const headline = END.test(text) ? undefined : headlineOf(text, line.seconds !== undefined);
    if (headline) return this.readHeadline(headline, key, line, at);
    if (RULE.test(text)) return this.readRule(key, at);
    const report = this.open.get(key);
    const aside = this.open.get(key + ASIDE);
    const isInStack = report?.hasTrace === true;
    if (aside && isOfAside(text, aside.hasTrace, isInStack)) {
      aside.hasTrace ||= isInStack && STACK_HEADER.test(text);
      return this.readBody(aside, key + ASIDE, line, at);
    }
    if (aside?.hasTrace === true) this.close(key + ASIDE);
    if (report) this.readBody(report, key, line, at);
  }

  end(): void {
    this.closeAll();
  }

  /** Returns the key of the report that a line belongs to: that of its caller, or the one in which all CPUs print. */
  private keyOf({ caller }: LogLine): string {
    if (caller === undefined) return "";
    if (!this.open.has(caller) && caller.startsWith("C")) {
      for (const [key, { otherCpusLine }] of this.open) if (otherCpusLine !== undefined) return key;
    }
    return caller;
  }

  private readCut(key: string, at: number): void {
    const report = this.open.get(key);
    if (report && at - report.at <= 3 && BEFORE_CUT.has(report.headline.row.kind)) {
      report.last = at;
      return;
    }
    // A warning of the slab allocator ends its own report; any other headline closes that.
    if (report?.headline.row.kind !== "slab") this.close(key);
    const earlier = this.pending.get(key)?.line;
    this.pending.set(key, { line: earlier === at - 1 ? earlier : at, isRule: false });
  }

  /**
   * Decides which report goes on after a headline within a trace, in a log whose lines do not name who printed them. An
   * entry right after the headline continues the trace: another CPU printed the headline, as a report of one line.
   */
  private resolveInterruption(key: string, text: string): void {
    const report = this.open.get(key);
    const interrupted = report?.interrupted;
    if (!report || !interrupted) return;
    report.interrupted = undefined;
    if (isTraceLine(text)) {
      this.close(key);
      // A copy, because a checkpoint can have this object.
      this.open.set(key, { ...interrupted });
    } else this.report(interrupted);
  }

  /** Reads the message of a check that is printed before the cut mark (4.13 and 4.14), or after it. */
  private readPrelude(key: string, at: number): void {
    const report = this.open.get(key);
    const isIdle = !report || report.ended || (report.hasTrace && report.last < at - 1);
    if (isIdle && !this.pending.has(key)) this.pending.set(key, { line: at, isRule: false });
  }

  private readRule(key: string, at: number): void {
    const report = this.open.get(key);
    if (report && report.hasRule && RULED.has(report.headline.row.kind)) {
      report.last = at;
      this.close(key);
    } else if (report && at - report.at < MAX_SAID) report.last = at;
    else {
      // The rule below the locks of hung tasks belongs to them, unless a headline follows.
      if (report) this.close(key);
      this.pending.set(key, { line: at, isRule: true });
    }
  }

  private readHeadline(headline: Headline, key: string, line: LogLine, at: number): void {
    if (headline.row.isLine === true) {
      const { caller } = line;
      const place = { start: at, end: at + 1, tail: at + 1, at };
      return this.found({ headline, ...place, caller, otherCpusLine: undefined, panicLine: undefined });
    }
    const report = this.open.get(key);
    // After a panic another CPU's lines are not a report of their own.
    if (report?.panicLine !== undefined && headline.row.severity !== "panic" && line.caller === undefined) return;
    if (report && this.goesOn(report, headline, line.text, at)) {
      this.pending.delete(key);
      if (report.headline.row.isPrelude === true && headline.row.after) {
        report.headline = headline;
        report.at = at;
      }
      report.last = at;
      report.seconds = line.seconds;
      if (PANIC.test(line.text)) {
        report.panicLine = at;
        report.ended = false;
      }
      return;
    }
    const isAside =
      isAsideKind(headline.row.kind) && line.caller === undefined && report?.ended === false && isOfLocks(report);
    const own = isAside ? key + ASIDE : key;
    const isWithin = line.caller === undefined && report?.hasTrace === true && !report.ended && report.last === at - 1;
    const interrupted = isWithin && BEFORE_CUT.has(headline.row.kind) ? report : undefined;
    if (interrupted) this.open.delete(own);
    else this.close(own);
    this.closeOldest();
    // Notices have no cut mark: one before them belongs to the report into which they are printed.
    const isNotice = headline.row.severity === "notice";
    const pending = isNotice ? undefined : this.pending.get(key);
    if (!isNotice) this.pending.delete(key);
    const start = pending && at - pending.line <= MAX_SAID ? pending.line : at;
    this.open.set(own, {
      headline,
      start,
      at,
      caller: line.caller,
      hasRule: pending?.isRule === true && start !== at,
      last: at,
      tail: at,
      seconds: line.seconds,
      otherCpusLine: undefined,
      panicLine: PANIC.test(line.text) ? at : undefined,
      ended: false,
      gap: 0,
      hasTrace: false,
      interrupted,
      hasTime: line.seconds !== undefined,
    });
  }

  /** Whether a headline adds to the report that is open. */
  private goesOn(report: OpenReport, { row }: Headline, text: string, at: number): boolean {
    const { kind } = report.headline.row;
    const distance = at - report.at;
    if (report.ended) return false;
    // Up to 4.9, warn_alloc_failed() prints a line for a failed page of order 0 after that of a failed vmalloc,
    // although no page allocation failed.
    if (report.headline.groups.vmalloc !== undefined && row.kind === kind && distance === 1) return true;
    if (report.headline.row.severity === "notice") return false;
    if (PANIC.test(text)) return !OWN.has(row.kind) && (report.panicLine === undefined || row.kind === kind);
    if (row.after?.includes(kind) === true) return FAR.has(kind) || distance <= 6;
    if (row.kind === kind && distance <= 3 && /\[#\d+\]/.test(text)) return true;
    return row.goesOn === true && distance <= MAX_BEFORE_DIE && report.panicLine === undefined;
  }

  private readBody(report: OpenReport, key: string, line: LogLine, at: number): void {
    const { text } = line;
    if (report.ended) {
      if (isAfterwards(text)) report.tail = at;
      else this.close(key);
      return;
    }
    if (ALL_CPUS.test(text)) report.otherCpusLine ??= at;
    if (!isBodyOf(report.headline.row.kind, text)) {
      if (!report.hasTime || line.seconds !== undefined) report.gap++;
      return;
    }
    if (text !== "") {
      report.last = at;
      report.gap = 0;
      report.hasTrace ||= isTraceLine(text);
      report.seconds = line.seconds;
    }
    report.tail = report.last;
    if (END.test(text)) report.ended = true;
  }

  /**
   * Closes the reports that had no line for a long time, and that of a caller whose time jumps back: its next lines are
   * of another boot or another machine.
   */
  private forget(at: number, { seconds, caller }: LogLine): void {
    for (const [key, report] of this.open) {
      const passed = seconds !== undefined && report.seconds !== undefined ? seconds - report.seconds : 0;
      if (
        report.gap > (report.hasTrace ? MAX_GAP : MAX_EARLY_GAP) ||
        at - report.last > MAX_LINES ||
        passed > MAX_SECONDS ||
        (passed < -MAX_SECONDS && caller === report.caller)
      )
        this.close(key);
    }
    for (const [key, { line }] of this.pending) if (at - line > MAX_SAID) this.pending.delete(key);
  }

  /**
   * Closes the oldest report if more are open than any machine prints: the text is not a log, or its callers are
   * invented.
   */
  private closeOldest(): void {
    if (this.open.size < MAX_OPEN) return;
    const [oldest] = this.open.keys();
    if (oldest !== undefined) this.close(oldest);
  }

  private closeAll(): void {
    for (const key of [...this.open.keys()]) this.close(key);
    this.pending.clear();
  }

  private close(key: string): void {
    const report = this.open.get(key);
    if (!report) return;
    this.open.delete(key);
    if (report.interrupted) this.report(report.interrupted);
    this.report(report);
  }

  private report(report: OpenReport): void {
    const { headline, start, at, caller, otherCpusLine, panicLine } = report;
    const end = report.last + 1;
    const tail = Math.max(report.last, report.tail) + 1;
    this.found({ headline, start, end, tail, at, caller, otherCpusLine, panicLine });
  }
}
