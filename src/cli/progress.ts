/** Prints the progress of long work on the terminal. */
import type { Piece } from "../say/piece.ts";

/** Delay in milliseconds before the first progress line, so that quick commands do not flicker. */
const QUIET_MS = 500;
/** Minimum time in milliseconds between two updates of the line. */
const REFRESH_MS = 100;

/** Milliseconds of work from which on the time left is estimated. */
const ESTIMATE_MS = 3000;

type ProgressPiece = Extract<Piece, { kind: "progress" }>;

/** Returns the text of a progress line. @param elapsed milliseconds since the work began */
export function progressText({ what, done, total }: ProgressPiece, elapsed: number): string {
  if (!(total > 0)) return `${what} ${done}`;
  const share = `${what} ${Math.floor((100 * done) / total)}%`;
  if (elapsed < ESTIMATE_MS || !(done > 0) || done >= total) return share;
  const seconds = Math.ceil((elapsed * (total / done - 1)) / 1000);
  const left = seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return `${share}, ${left} left`;
}

/** A line of progress on stderr; prints nothing if stderr is not a terminal. */
export class ProgressLine {
  private readonly started = performance.now();
  private shown = false;
  private next = QUIET_MS;

  show(piece: ProgressPiece): void {
    const elapsed = performance.now() - this.started;
    if (!process.stderr.isTTY || elapsed < this.next) return;
    this.next = elapsed + REFRESH_MS;
    this.shown = true;
    process.stderr.write(`\r\u001b[K${progressText(piece, elapsed)}`);
  }

  clear(): void {
    if (this.shown) process.stderr.write("\r\u001b[K");
    this.shown = false;
  }
}
