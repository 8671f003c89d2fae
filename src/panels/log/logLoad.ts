import type { Ask } from "../ask.ts";
import { type Block, blocksIn, linesOf, type LogLine } from "./logLines.ts";

/** Messages that are read first, and then at a time: neither the page nor who waits behind it ever stands still. */
const NEWEST = 1000;
const PIECE = 5000;

/** The kernel log as far as it has been read: its newest end first. No DOM. */
export class LoadedLog {
  lines: readonly LogLine[] = [];
  /** The reports in them, oldest first. */
  blocks: readonly Block[] = [];
  isRead = false;
  /** That older messages are being read, or why they cannot be. */
  progress = "";
  /** Messages in front of the lines. */
  private left = 0;
  /** What has been read of those, the newest first. */
  private older: LogLine[][] = [];
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  get hasOlder(): boolean {
    return this.left > 0;
  }

  /** @throws Error when there is no log */
  async readNewest(): Promise<void> {
    const { messages, first } = await this.ask("log", { count: NEWEST });
    this.take(linesOf(messages));
    this.isRead = true;
    this.left = first;
  }

  /**
   * Reads what is in front of the newest messages piece by piece, and keeps it for `join`.
   * @param tell shows the progress
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

  /** Puts the older lines in front of the others. @returns how many lines and reports that are */
  join(): { readonly lines: number; readonly blocks: number } {
    const [lines, blocks] = [this.lines.length, this.blocks.length];
    this.take([...this.older.reverse().flat(), ...this.lines]);
    this.older = [];
    return { lines: this.lines.length - lines, blocks: this.blocks.length - blocks };
  }

  private take(lines: readonly LogLine[]): void {
    this.lines = lines;
    this.blocks = blocksIn(lines);
  }
}
