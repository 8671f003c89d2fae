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
import type { Block, RowNumber, LogLine } from "./logLines.ts";
import type { LoadedLog } from "./logLoad.ts";

/** The explanations of a log's reports: rows below their lines, sources beside them. */
export class LogExplained {
  private readonly log: LoadedLog;
  private readonly ask: Ask;
  /** Explanations by report number. */
  private explained = new Map<number, Explanation>();
  /** Explanation rows, numbered from the end of the log's own lines. */
  private rows: readonly LogLine[] = [];

  constructor(log: LoadedLog, ask: Ask) {
    this.log = log;
    this.ask = ask;
  }

  /** Looks up a report's registers, code and call traces, once per report. @returns whether there is anything new */
  async explain(block: number): Promise<boolean> {
    const { lines, blocks } = this.log;
    const report = blocks[block];
    if (!report || this.explained.has(block)) return false;
    const questions = questionsOf(lines, report);
    const alone = meaningRows(report.summary);
    const headline = report.summary?.at ?? report.first;
    this.explained.set(block, { rows: new Map([[headline, alone]]), sources: new Map() });
    const places = questions.places.map(({ text, returns }) => ({ text, returns }));
    // Lines that cannot be explained stay as the kernel wrote them.
    const answer = (await unlessRefused(this.ask("describe", { places }))) ?? { described: [] };
    const codes = questions.codes.map(({ text, at }) => unlessRefused(this.ask("opcodes", { text, at })));
    const decoded = (await Promise.all(codes)).map((code) => code?.instructions);
    const meaning = meaningRows((await this.summaryWithSession(report, decoded)) ?? report.summary);
    // Older messages may have been joined meanwhile, which shifts the numbers.
    const [olderBlocks, olderLines] = [this.log.blocks.length - blocks.length, this.log.lines.length - lines.length];
    const explanation = explanationOf(questions, answer.described, decoded);
    const rows = new Map([...explanation.rows, [headline, [...meaning, ...(explanation.rows.get(headline) ?? [])]]]);
    this.explained.set(block + olderBlocks, moved({ ...explanation, rows }, olderLines));
    return true;
  }

  /**
   * Returns the summary of a report with what the dump knows about its place and its access; undefined for a report
   * without `summaryWith`.
   */
  private async summaryWithSession(
    report: Block,
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

  /** Shifts the numbers after `lines` lines and `blocks` reports were put before the log. */
  move(lines: number, blocks: number): void {
    this.explained = new Map([...this.explained].map(([block, one]) => [block + blocks, moved(one, lines)]));
  }

  /** Returns the entries that explain a line, by line number. */
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

  /** Returns a line of the log, or a row that explains one. */
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
