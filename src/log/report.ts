/** A report, and the state of one that is being read. */
import type { Headline } from "./kinds.ts";

/** A report of the kernel in a log. Lines count from 0; ends are exclusive. */
export interface Report {
  readonly headline: Headline;
  /** The first line: the cut mark, the rule, or the headline itself. */
  readonly start: number;
  readonly end: number;
  /** The end of what is printed after the end mark: x86 repeats the registers. Exclusive. */
  readonly tail: number;
  /** The line of the headline. */
  readonly at: number;
  /** The caller that printed the report, where the kernel prints callers (CONFIG_PRINTK_CALLER). */
  readonly caller: string | undefined;
  /** From this line on other CPUs print their stacks into the report. */
  readonly allCpus: number | undefined;
  /** The line in which the kernel says that it panics because of this report. */
  readonly panic: number | undefined;
}

/** A report that is being read. */
export interface OpenReport {
  readonly headline: Headline;
  readonly start: number;
  readonly at: number;
  readonly caller: string | undefined;
  readonly hasRule: boolean;
  /** The last line that belongs to the report. */
  last: number;
  /** The last line after the end mark that repeats the data of the report. */
  tail: number;
  seconds: number | undefined;
  allCpus: number | undefined;
  panic: number | undefined;
  /** Whether the end mark of the report was read. */
  ended: boolean;
  /** Lines of the same caller since the last line of the report. */
  gap: number;
  /** Whether the call trace of the report has begun. */
  hasTrace: boolean;
  /** The report in whose trace the headline is, until the next line shows which of the two goes on. */
  cut: OpenReport | undefined;
  /** Whether the lines of the report have a time; lines that a user program writes to the console have none. */
  readonly hasTime: boolean;
}

/** A cut mark or a rule; the next lines show which report it belongs to. */
export interface Pending {
  readonly line: number;
  readonly isRule: boolean;
}

/** The open reports at a line: all state on which the reading of the next lines depends. */
export interface State {
  readonly open: ReadonlyMap<string, Readonly<OpenReport>>;
  readonly pending: ReadonlyMap<string, Pending>;
}
