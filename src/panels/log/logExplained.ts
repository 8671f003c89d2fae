/** The explanations of the reports of a log, and their rows. */
import { unlessRefused } from "../../base/refused.ts";
import type { Ask } from "../ask.ts";
import { answeredContext } from "../../log/context.ts";
import type { Summary } from "../../log/summary.ts";
import {
  contextPlaces,
  decodedBy,
  type Explanation,
  explanationOf,
  meaningRows,
  moved,
  questionsOf,
} from "./logExplain.ts";
import type { LogReport, RowNumber, LogLine } from "./logLines.ts";
import type { LoadedLog } from "./logLoad.ts";

/** The explanations of a log's reports: rows below their lines, sources beside them. */
export class LogExplained {
  private readonly log: LoadedLog;
  private readonly ask: Ask;
  /** Explanations by the index of their report. */
  private explained = new Map<number, Explanation>();
  /** Explanation rows, numbered from the end of the log's own lines. */
  private rows: readonly LogLine[] = [];

  constructor(log: LoadedLog, ask: Ask) {
    this.log = log;
    this.ask = ask;
  }

  /** Looks up a report's registers, code and call traces, once per report. @returns whether there is anything new */
  async explain(reportIndex: number): Promise<boolean> {
    const { lines, reports } = this.log;
    const report = reports[reportIndex];
    if (!report || this.explained.has(reportIndex)) return false;
    const questions = questionsOf(lines, report);
    const meaningOnly = meaningRows(report.summary);
    const headline = report.summary?.at ?? report.first;
    this.explained.set(reportIndex, { rows: new Map([[headline, meaningOnly]]), sources: new Map() });
    const places = questions.places.map(({ text, returns }) => ({ text, returns }));
    // Lines that cannot be explained stay as the kernel wrote them.
    const answer = (await unlessRefused(this.ask("describe", { places }))) ?? { described: [] };
    const codes = questions.codes.map(({ text, at }) => unlessRefused(this.ask("opcodes", { text, at })));
    const decoded = (await Promise.all(codes)).map((code) => code?.instructions);
    const meaning = meaningRows((await this.summaryWithSession(report, decoded)) ?? report.summary);
    // Older messages may have been joined meanwhile, which shifts the numbers.
    const [olderReports, olderLines] = [this.log.reports.length - reports.length, this.log.lines.length - lines.length];
    const explanation = explanationOf(questions, answer.described, decoded);
    const rows = new Map([...explanation.rows, [headline, [...meaning, ...(explanation.rows.get(headline) ?? [])]]]);
    this.explained.set(reportIndex + olderReports, moved({ ...explanation, rows }, olderLines));
    return true;
  }

  /**
   * Returns the summary of a report with what the dump knows about its place and its access; undefined for a report
   * without `summaryWith`.
   */
  private async summaryWithSession(
    report: LogReport,
    decoded: Parameters<typeof decodedBy>[0],
  ): Promise<Summary | undefined> {
    const disassemble = decodedBy(decoded);
    const { where, member } = contextPlaces(report, disassemble);
    const places = [where, member].filter((place) => place !== undefined);
    const { described } = await this.ask("describe", { places }).catch(() => ({ described: [] }));
    const source = where && described[0]?.places[0];
    const answers = { source, member: member && (described.at(-1)?.member ?? undefined) };
    return report.summaryWith?.(answeredContext(answers, disassemble));
  }

  /** Shifts the indexes after `lines` lines and `reports` reports were put before the log. */
  move(lines: number, reports: number): void {
    this.explained = new Map(
      [...this.explained].map(([reportIndex, one]) => [reportIndex + reports, moved(one, lines)]),
    );
  }

  /** Returns the rows that explain a line, by the index of that line. */
  entries(): ReadonlyMap<number, readonly RowNumber[]> {
    const count = this.log.lines.length;
    const rows: LogLine[] = [];
    const entries = new Map<number, readonly RowNumber[]>();
    for (const explanation of this.explained.values()) {
      for (const [line, added] of explanation.rows) {
        entries.set(
          line,
          added.map((row) => count + rows.push(row) - 1),
        );
      }
    }
    this.rows = rows;
    return entries;
  }

  /** Returns a line of the log, or a row that explains one; undefined for other numbers. */
  lineOf(entry: RowNumber): LogLine | undefined {
    const { lines } = this.log;
    return lines[entry] ?? this.rows[entry - lines.length];
  }

  /** Returns the source positions of a line's code: innermost inlined call first, the function itself last. */
  sourcesOf(line: number): readonly string[] {
    for (const { sources } of this.explained.values()) {
      const chain = sources.get(line);
      if (chain !== undefined) return chain;
    }
    return [];
  }
}
