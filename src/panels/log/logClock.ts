/** The times of a log in the mode that the user chose: since boot, wall clock, or relative to the panic. */
import type { TemplateResult } from "lit-html";
import type { Ask } from "../ask.ts";
import { recall, remember } from "../host.ts";
import { select } from "../view.ts";
import { bootTime, type LogLine, panicSeconds, type TimeMode, timeText, zeroName } from "./logLines.ts";
import type { LoadedLog } from "./logLoad.ts";

const TIMES: readonly (readonly [TimeMode, string])[] = [
  ["boot", "Seconds since boot"],
  ["wall", "Wall clock (UTC)"],
  ["panic", "Relative to the panic"],
];

/** The panic of a log, or the line in its place. */
export interface LogEnd {
  /** Seconds since boot; undefined if the line has no time. */
  readonly seconds: number | undefined;
  /** "the Panic", "the Last Oops" or "the End". */
  readonly name: string;
}

/** Formats the times of a log in the mode that the user chose. */
export class LogClock {
  private readonly ask: Ask;
  private readonly changed: () => void;
  private mode = recall<TimeMode>("log time", "boot");
  private zeros: { panic: number | undefined; wall: number | undefined } = { panic: undefined, wall: undefined };
  private zeroName = zeroName([]);

  /** @param changed called when the time mode or the boot time changes */
  constructor(ask: Ask, changed: () => void) {
    this.ask = ask;
    this.changed = changed;
  }

  /** Updates the time of the panic after more of the log was read. */
  learn({ lines, reports }: LoadedLog): void {
    this.zeros.panic = panicSeconds(lines, reports);
    this.zeroName = zeroName(reports);
    this.learnWallTime();
  }

  /** Reads the boot time from `sys`, when wall-clock times are shown. The clock of the log counts from boot. */
  private learnWallTime(): void {
    if (this.mode === "wall" && this.zeros.wall === undefined) void this.readWallTime();
  }

  private async readWallTime(): Promise<void> {
    this.zeros.wall = bootTime(await this.ask("run", { line: "sys" }));
    this.changed();
  }

  /** The zero of times relative to the panic. */
  get end(): LogEnd {
    return { seconds: this.zeros.panic, name: this.zeroName };
  }

  private set(mode: TimeMode): void {
    this.mode = mode;
    remember("log time", mode);
    this.learnWallTime();
    this.changed();
  }

  control(): TemplateResult {
    const titles = TIMES.map(([, title]) => title);
    const index = TIMES.findIndex(([mode]) => mode === this.mode);
    return select("Time", titles, index, (chosen) => this.set(TIMES[chosen]?.[0] ?? "boot"));
  }

  text({ seconds }: LogLine): string {
    return this.shown(seconds);
  }

  /** Formats a time in seconds since boot. */
  readonly shown = (seconds: number | undefined): string =>
    timeText(seconds, this.mode, this.mode === "wall" ? this.zeros.wall : this.zeros.panic);

  /**
   * Returns the width of the time column in characters. Times grow from the first line to the last, except those that
   * count down to the panic, so the first and the last line suffice.
   */
  width({ lines }: LoadedLog): number {
    return Math.max(0, ...[lines[0], lines.at(-1)].map((line) => (line ? this.text(line).length : 0)));
  }
}
