/** A kernel log as lines and reports. After an edit only the lines around it are read again. */
import { once } from "../base/once.ts";
import { partitionPoint } from "../base/search.ts";
import { isLockLine, REQUESTED } from "./forms.ts";
import { isAsideKind } from "./kinds.ts";
import { type LogLine, lineOf } from "./lines.ts";
import { type Others, othersIn } from "./others.ts";
import { MAX_SECONDS, type OpenReport, type Report, Scanner, type State } from "./reports.ts";

/** A report, and the line at which its end was known. */
interface Found {
  readonly report: Report;
  readonly closedAt: number;
}

/** The reports that were open before a line was read. */
interface Checkpoint {
  readonly line: number;
  readonly state: State;
}

interface Parts {
  readonly lines: readonly LogLine[];
  readonly found: readonly Found[];
  readonly checkpoints: readonly Checkpoint[];
  readonly marks: readonly number[];
}

/** Number of lines between two checkpoints. After an edit about this many lines are read again. */
const STEP = 256;

/**
 * The text of a kernel log, or of anything that contains one: its lines and the reports in them. It is immutable; an
 * edit makes another one, which shares the parts that did not change.
 */
export class KernelLog {
  readonly lines: readonly LogLine[];
  /** The reports in the order of their headlines; reports of several callers may overlap. */
  readonly reports: readonly Report[];
  /** The lines with data about the kernel: boot, address, modules, tasks. */
  readonly marks: readonly number[];
  private readonly parts: Parts;
  private readonly asides = new WeakMap<Report, Report[]>();
  private readonly others = new WeakMap<Report, Others>();
  private readonly requested = new WeakMap<Report, ReadonlyMap<string, number>>();
  private readonly bootLines = once(() =>
    this.marks.filter((line) => this.lines[line]?.text.startsWith("Linux version ") === true),
  );

  private constructor(parts: Parts) {
    this.parts = parts;
    this.lines = parts.lines;
    this.marks = parts.marks;
    this.reports = parts.found.map(({ report }) => report).sort((a, b) => a.at - b.at);
  }

  /** The lines at which a boot begins. */
  get boots(): readonly number[] {
    return this.bootLines();
  }

  /** Reads a log. @param given the lines of a text, without their ends */
  static of(given: readonly string[]): KernelLog {
    return KernelLog.ofLines(given.map(lineOf));
  }

  static ofLines(lines: readonly LogLine[]): KernelLog {
    const marks = marksIn(lines, 0, lines.length);
    const { found, checkpoints } = scan(lines, undefined);
    return new KernelLog({ lines, found, checkpoints, marks });
  }

  /**
   * Returns the log after an edit. @param start the first line that changes @param removed number of removed lines
   * @param given the lines that replace them
   */
  edited(start: number, removed: number, given: readonly string[]): KernelLog {
    const old = this.parts;
    const delta = given.length - removed;
    const moved = (line: number): number => (line < start ? line : line + delta);
    const lines = old.lines.slice(0, start).concat(given.map(lineOf), old.lines.slice(start + removed));
    const from = old.checkpoints.findLast(({ line }) => line <= start);
    const behind = old.checkpoints.filter(({ line }) => line >= start + removed);
    const points = new Map(behind.map((one) => [one.line + delta, one]));
    const { found, checkpoints, met } = scan(lines, from, { points, moved });
    const isBefore = ({ closedAt }: Found): boolean => from !== undefined && closedAt < from.line;
    const isBehind = ({ closedAt }: Found): boolean => met !== undefined && closedAt >= met.line;
    const same = <T>(one: T): T => one;
    return new KernelLog({
      lines,
      found: [
        ...old.found.filter(isBefore),
        ...found,
        ...old.found.filter(isBehind).map(delta === 0 ? same : (one) => movedFound(one, moved)),
      ],
      checkpoints: [
        ...old.checkpoints.filter(({ line }) => line < (from?.line ?? 0)),
        ...checkpoints,
        ...behind
          .filter(({ line }) => met !== undefined && line >= met.line)
          .map(delta === 0 ? same : ({ line, state }) => ({ line: line + delta, state: movedState(state, moved) })),
      ],
      marks: [
        ...old.marks.filter((line) => line < start),
        ...marksIn(lines, start, start + given.length),
        ...old.marks.filter((line) => line >= start + removed).map((line) => line + delta),
      ],
    });
  }

  /** Returns the report at a line, undefined if there is none; where several overlap, that of the line's caller. */
  reportAt(line: number): Report | undefined {
    const there = this.reports.filter(({ start, end }) => start <= line && line < end);
    return there.find((report) => this.isOwn(report, line)) ?? there[0];
  }

  /** Whether a line in the range of a report belongs to it, and not to another caller. */
  isOwn(report: Report, at: number): boolean {
    const line = this.lines[at];
    if (!line || line.isForeign) return false;
    if (report.caller === undefined && line.caller === undefined)
      return !this.isAside(report, at, line.text) && !this.othersOf(report).lines.has(at);
    if (report.caller === undefined || line.caller === report.caller) return true;
    if (line.caller === undefined) return this.isNear(report, line);
    return at >= (this.requestedOf(report).get(line.caller) ?? Infinity);
  }

  /**
   * Whether a line without a caller can belong to a report with one: its time is near that of the headline. A line
   * without a time among lines with one is a user program's.
   */
  private isNear({ at }: Report, { seconds }: LogLine): boolean {
    const headline = this.lines[at]?.seconds;
    if (headline === undefined) return true;
    return seconds !== undefined && Math.abs(seconds - headline) <= MAX_SECONDS;
  }

  /** The CPUs that print their stacks on request of a report, by caller, and the line at which each begins. */
  private requestedOf(report: Report): ReadonlyMap<string, number> {
    let requested = this.requested.get(report);
    if (!requested) {
      const begins = new Map<string, number>();
      for (let at = report.otherCpusLine ?? report.end; at < report.end; at++) {
        const { caller, text = "" } = this.lines[at] ?? {};
        if (caller?.startsWith("C") === true && !begins.has(caller) && REQUESTED.test(text)) begins.set(caller, at);
      }
      requested = begins;
      this.requested.set(report, requested);
    }
    return requested;
  }

  /** The lines within a report that another CPU printed, as far as the log shows it. */
  othersOf(report: Report): Others {
    let others = this.others.get(report);
    if (!others) {
      const own = partitionPoint(this.reports.length, (i) => (this.reports[i]?.at ?? 0) < report.at);
      others = othersIn(this.lines, report, this.reports[own - 1]?.start ?? 0);
      this.others.set(report, others);
    }
    return others;
  }

  /** Whether a line is of a notice that another CPU printed into a report of lockdep. */
  private isAside(report: Report, at: number, text: string): boolean {
    let asides = this.asides.get(report);
    if (!asides) {
      asides = [];
      for (let i = partitionPoint(this.reports.length, (k) => (this.reports[k]?.at ?? 0) <= report.at); ; i++) {
        const other = this.reports[i];
        if (!other || other.at >= report.end) break;
        if (other.caller === undefined && isAsideKind(other.headline.row.kind)) asides.push(other);
      }
      this.asides.set(report, asides);
    }
    return asides.some(
      (one) =>
        one.start <= at && at < one.end && (at === one.start || !isLockLine(text)) && !this.othersOf(one).lines.has(at),
    );
  }

  /** Returns the indexes of a report's lines. */
  linesOf(report: Report): number[] {
    const own: number[] = [];
    for (let at = report.start; at < report.end; at++) if (this.isOwn(report, at)) own.push(at);
    return own;
  }
}

const MARK =
  /^(?:Linux version \d|Kernel Offset: |\s{0,8}RELEASE: )|\bPID: \d|\bModules linked in:|\bCOMMAND: |^\s{0,8}(?:Not tainted|Tainted: )/;

const marksIn = (lines: readonly LogLine[], start: number, end: number): number[] => {
  const marks: number[] = [];
  for (let at = start; at < end; at++) if (MARK.test(lines[at]?.text ?? "")) marks.push(at);
  return marks;
};

/**
 * Reads lines from a checkpoint on. @param until checkpoints of the log before an edit, by their present line. Reading
 * stops at the first line with the same state, because the results after it are known
 */
function scan(lines: readonly LogLine[], from: Checkpoint | undefined, until?: Known): Scanned {
  const found: Found[] = [];
  const checkpoints: Checkpoint[] = [];
  const first = from?.line ?? 0;
  let at = first;
  const scanner = new Scanner((report) => found.push({ report, closedAt: at }), from?.state);
  for (; at < lines.length; at++) {
    const before = until?.points.get(at);
    if (before && until && isSame(before.state, scanner.state, until.moved)) return { found, checkpoints, met: before };
    if ((at - first) % STEP === 0) checkpoints.push({ line: at, state: scanner.state });
    const line = lines[at];
    if (line) scanner.read(line, at);
  }
  scanner.end();
  return { found, checkpoints, met: undefined };
}

interface Known {
  readonly points: ReadonlyMap<number, Checkpoint>;
  /** Returns the present number of a line of the log before the edit. */
  readonly moved: (line: number) => number;
}

interface Scanned {
  readonly found: Found[];
  readonly checkpoints: Checkpoint[];
  /** The checkpoint of the log before the edit from which on nothing changed; undefined if there is none. */
  readonly met: Checkpoint | undefined;
}

/** Whether a state of the log before an edit is a state of the log after it. */
function isSame(before: State, now: State, moved: Known["moved"]): boolean {
  if (before === now) return true;
  if (before.open.size !== now.open.size || before.pending.size !== now.pending.size) return false;
  for (const [key, { line, isRule }] of before.pending) {
    const other = now.pending.get(key);
    if (other?.line !== moved(line) || other.isRule !== isRule) return false;
  }
  for (const [key, report] of before.open) {
    const other = now.open.get(key);
    if (!other || !isSameReport(movedReport(report, moved), other)) return false;
  }
  return true;
}

const isSameReport = (a: OpenReport, b: OpenReport): boolean =>
  a.headline.row === b.headline.row &&
  JSON.stringify(a.headline.groups) === JSON.stringify(b.headline.groups) &&
  a.interrupted === undefined &&
  (Object.keys(a) as (keyof OpenReport)[]).every((key) => key === "headline" || a[key] === b[key]);

const movedReport = (report: Readonly<OpenReport>, moved: Known["moved"]): OpenReport => ({
  ...report,
  start: moved(report.start),
  at: moved(report.at),
  last: moved(report.last),
  tail: moved(report.tail),
  otherCpusLine: report.otherCpusLine === undefined ? undefined : moved(report.otherCpusLine),
  panicLine: report.panicLine === undefined ? undefined : moved(report.panicLine),
  interrupted: report.interrupted && movedReport(report.interrupted, moved),
});

const movedState = ({ open, pending }: State, moved: Known["moved"]): State => ({
  open: new Map([...open].map(([key, report]) => [key, movedReport(report, moved)])),
  pending: new Map([...pending].map(([key, one]) => [key, { ...one, line: moved(one.line) }])),
});

const movedFound = ({ report, closedAt }: Found, moved: Known["moved"]): Found => ({
  closedAt: moved(closedAt),
  report: {
    ...report,
    start: moved(report.start),
    end: moved(report.end - 1) + 1,
    tail: moved(report.tail - 1) + 1,
    at: moved(report.at),
    otherCpusLine: report.otherCpusLine === undefined ? undefined : moved(report.otherCpusLine),
    panicLine: report.panicLine === undefined ? undefined : moved(report.panicLine),
  },
});
