/** Loading of the kernel log in pieces. */
import type { Ask } from "../ask.ts";
import { type LogReport, reportsIn, linesOf, type LogLine } from "./logLines.ts";

/**
 * Number of messages in the first request. Small requests keep the page and the other users of the engine responsive.
 */
const NEWEST = 1000;
/** Number of messages in each further request. */
const PIECE = 5000;

/** The part of the kernel log that has been read: its newest end first. It does not use the DOM. */
export class LoadedLog {
  lines: readonly LogLine[] = [];
  /** The reports in `lines`, oldest first. */
  reports: readonly LogReport[] = [];
  isRead = false;
  /** The progress of reading older messages, or why they cannot be read. */
  progress = "";
  /** The number of messages before `lines` that have not been read. */
  private left = 0;
  /** The older messages that have been read but not joined, the newest first. */
  private older: LogLine[][] = [];
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  get hasOlder(): boolean {
    return this.left > 0;
  }

  /** Reads the newest messages. @throws Error when there is no log */
  async readNewest(): Promise<void> {
    const { messages, first } = await this.ask("log", { count: NEWEST });
    this.take(linesOf(messages));
    this.isRead = true;
    this.left = first;
  }

  /**
   * Reads the messages before the newest ones in several requests, and keeps them for `join`. @param tell called when
   * `progress` has changed
   */
  async readOlder(tell: () => void): Promise<void> {
    const count = (): string => `${this.left.toLocaleString("en")} older messages`;
    try {
      while (this.left > 0) {
        this.progress = `Reading ${count()}…`;
        tell();
        const { messages, first } = await this.ask("log", { count: PIECE, before: this.left });
        this.older.push(linesOf(messages));
        this.left = first;
      }
      this.progress = "";
    } catch (error) {
      this.progress = `${count()} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** Puts the older lines before the others. @returns the number of lines and reports added */
  join(): { readonly lines: number; readonly reports: number } {
    const [lines, reports] = [this.lines.length, this.reports.length];
    this.take([...this.older.reverse().flat(), ...this.lines]);
    this.older = [];
    return { lines: this.lines.length - lines, reports: this.reports.length - reports };
  }

  private take(lines: readonly LogLine[]): void {
    this.lines = lines;
    this.reports = reportsIn(lines);
  }
}
