import type { Fault } from "../../base/fault.ts";

/** One message of the kernel log. */
export interface LogRecord {
  /** Sequence number, where the format counts. */
  readonly seq: bigint | undefined;
  /** local_clock() nanoseconds; undefined when the text carries its own time or none. */
  readonly nanoseconds: bigint | undefined;
  /** 0 emergency to 7 debug; undefined when not recorded. */
  readonly level: number | undefined;
  readonly facility: number;
  /** The task (`T1`) or CPU (`C0`) that printed it, where the kernel records that. */
  readonly caller: string | undefined;
  /** Without the trailing newline; may hold several lines. */
  readonly text: string;
  /** `KEY=value` pairs that dev_printk() appended. */
  readonly dictionary: readonly string[];
}

/** The log by positions: the oldest record at 0. */
export interface StoredLog {
  readonly length: number;
  /** What lies from one position up to another; a record that cannot be read is a Fault in its place. */
  readonly records: (first: number, end: number) => Iterable<LogRecord | Fault>;
}

/** `T42` or `C0`: a caller id as CONFIG_PRINTK_CALLER prints it (kernel/printk/printk.c: print_caller). */
export const callerName = (id: number): string => (id & 0x80000000 ? `C${id & 0x7fffffff}` : `T${id}`);
