import { type LogLine, lineOf } from "./lines.ts";
import { type Report, Scanner } from "./reports.ts";

/** The text of a kernel log, or of anything that holds one: its lines and the reports in them. */
export class KernelLog {
  readonly lines: readonly LogLine[];
  /** In the order of their headlines; those of several callers may overlap. */
  readonly reports: readonly Report[];
  /** The lines at which kernels began to boot. */
  readonly boots: readonly number[];

  constructor(given: readonly string[]) {
    this.lines = given.map(lineOf);
    this.reports = reportsIn(this.lines);
    this.boots = this.lines.flatMap(({ text }, at) => (text.startsWith("Linux version ") ? [at] : []));
  }

  /** The report at a line; where several overlap, that of the line's caller. */
  reportAt(line: number): Report | undefined {
    const there = this.reports.filter(({ start, end }) => start <= line && line < end);
    return there.find((report) => this.isOwn(report, line)) ?? there[0];
  }

  /** Whether a line within the extent of a report is the report's, and not another caller's. */
  isOwn(report: Report, at: number): boolean {
    const line = this.lines[at];
    if (!line || line.isForeign) return false;
    if (report.caller === undefined || line.caller === undefined || line.caller === report.caller) return true;
    return report.allCpus !== undefined && at > report.allCpus && line.caller.startsWith("C");
  }

  /** The numbers of a report's lines. */
  linesOf(report: Report): number[] {
    const own: number[] = [];
    for (let at = report.start; at < report.end; at++) if (this.isOwn(report, at)) own.push(at);
    return own;
  }
}

function reportsIn(lines: readonly LogLine[]): Report[] {
  const reports: Report[] = [];
  const scanner = new Scanner((report) => reports.push(report));
  lines.forEach((line, at) => scanner.read(line, at));
  scanner.end();
  return reports.sort((a, b) => a.at - b.at);
}
