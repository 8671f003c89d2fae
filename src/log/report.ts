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
  /** The line from which on other CPUs print their stacks into the report. */
  readonly otherCpusLine: number | undefined;
  /** The line in which the kernel says that it panics because of this report. */
  readonly panicLine: number | undefined;
}

/** A report that is being read. */
export interface OpenReport {
  headline: Headline;
  readonly start: number;
  at: number;
  readonly caller: string | undefined;
  readonly hasRule: boolean;
  /** The last line that belongs to the report. */
  last: number;
  /** The last line that belongs to the report, with the lines after the end mark that repeat its data. */
  tail: number;
  /** Time of the last line of the report, in seconds. */
  seconds: number | undefined;
  otherCpusLine: number | undefined;
  panicLine: number | undefined;
  /** Whether the end mark of the report was read. */
  ended: boolean;
  /**
   * Number of lines of the same caller since `last` that are not part of the report. Lines without a time count only if
   * the report has no time.
   */
  gap: number;
  /** Whether the call trace of the report has begun. */
  hasTrace: boolean;
  /** The report whose call trace this headline interrupted; undefined once a line shows which of the two continues. */
  interrupted: OpenReport | undefined;
  /** Whether the lines of the report have a time; lines that a user program writes to the console have none. */
  readonly hasTime: boolean;
}

/** A cut mark or a rule; the next lines show which report it belongs to. */
export interface Pending {
  readonly line: number;
  readonly isRule: boolean;
}

/**
 * The open reports at a line: all state on which the reading of the next lines depends. Both maps are by caller, which
 * is empty for a log without callers.
 */
export interface State {
  readonly open: ReadonlyMap<string, Readonly<OpenReport>>;
  readonly pending: ReadonlyMap<string, Pending>;
}
