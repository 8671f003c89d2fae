/** Prints the progress of long work on the terminal. */
import type { Piece } from "../say/piece.ts";

/** Delay in milliseconds before the first progress line, so that quick commands do not flicker. */
const QUIET_MS = 500;
const REFRESH_MS = 100;

/** A line of progress on stderr; prints nothing if stderr is not a terminal. */
export class ProgressLine {
  private readonly started = performance.now();
  private shown = false;
  private next = QUIET_MS;

  show({ what, done, total }: Extract<Piece, { kind: "progress" }>): void {
    const elapsed = performance.now() - this.started;
    if (!process.stderr.isTTY || elapsed < this.next) return;
    this.next = elapsed + REFRESH_MS;
    this.shown = true;
    const share = total > 0 ? `${Math.floor((100 * done) / total)}%` : String(done);
    process.stderr.write(`\r\u001b[K${what} ${share}`);
  }

  clear(): void {
    if (this.shown) process.stderr.write("\r\u001b[K");
    this.shown = false;
  }
}
