/** Records of the kernel log. */
import type { Fault } from "../../base/fault.ts";

/** One message of the kernel log. */
export interface LogRecord {
  /** Sequence number; undefined if the format has none. */
  readonly seq: bigint | undefined;
  /** local_clock() in nanoseconds; undefined if the time is part of the text or missing. */
  readonly nanoseconds: bigint | undefined;
  /** From 0 (emergency) to 7 (debug); undefined if not recorded. */
  readonly level: number | undefined;
  readonly facility: number;
  /** The task (`T1`) or CPU (`C0`) that printed it; undefined if the kernel does not record it. */
  readonly caller: string | undefined;
  /** Without the trailing newline; can have several lines. */
  readonly text: string;
  /** `KEY=value` pairs that dev_printk() appended. */
  readonly dictionary: readonly string[];
}

/** Access to the log by position; the oldest record has position 0. */
export interface StoredLog {
  readonly length: number;
  /** Yields the records from position `first` to `end` (exclusive); a Fault for each record that cannot be read. */
  readonly records: (first: number, end: number) => Iterable<LogRecord | Fault>;
}

/** Formats a caller id as CONFIG_PRINTK_CALLER prints it: `T42` or `C0` (kernel/printk/printk.c: print_caller). */
export const callerName = (id: number): string => (id & 0x80000000 ? `C${id & 0x7fffffff}` : `T${id}`);
