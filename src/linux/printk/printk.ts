/** The kernel log in all its formats. */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { logBufRecords, plainLogRecords } from "./printkLogBuf.ts";
import type { LogRecord, StoredLog } from "./printkRecord.ts";
import { ringbuffer, ringbufferRecords } from "./printkRingbuffer.ts";

/**
 * Yields the kernel log, oldest record first. For a record that cannot be read, yields a Fault.
 * The three formats are recognized by their variables: the ring buffer of v5.10 and later (`prb`), the records of v3.5
 * and later (`log_first_idx`), and plain text before. @throws Fault if the buffer cannot be found
 */
export function logRecords(kernel: Kernel): Generator<LogRecord | Fault> {
  if (has(kernel, "prb")) return ringbufferRecords(kernel);
  if (has(kernel, "log_first_idx")) return logBufRecords(kernel);
  if (has(kernel, "log_end")) return plainLogRecords(kernel);
  throw Fault.of("unknown", "no kernel log: neither prb nor log_buf is among the symbols");
}

const has = (kernel: Kernel, name: string): boolean =>
  kernel.symbols.find(name) !== undefined || kernel.vmcoreinfo(`SYMBOL(${name})`) !== undefined;

const allRecords = derived("log records", (kernel) => untilFault(logRecords(kernel)));

/**
 * Returns the log for readers that start with its newest records. Only the ring buffer can be read from that end; older
 * formats are read completely, once. @throws Fault if the buffer cannot be found
 */
export function storedLog(kernel: Kernel): StoredLog {
  if (has(kernel, "prb")) return ringbuffer(kernel);
  const all = allRecords(kernel);
  return { length: all.length, records: (first, end) => all.slice(first, end) };
}

/** Returns the records up to and including the fault that ends them. @throws Fault if it is the first */
function untilFault(records: Iterator<LogRecord | Fault>): readonly (LogRecord | Fault)[] {
  const all: (LogRecord | Fault)[] = [];
  for (;;) {
    const step = attempt(() => records.next());
    if (step instanceof Fault && all.length === 0) throw step;
    if (step instanceof Fault) return [...all, step];
    if (step.done) return all;
    all.push(step.value);
  }
}

/** A line of the log and the time when it was printed. */
export interface LogLine {
  readonly text: string;
  /** Seconds of local_clock(); undefined if the format does not have the time. */
  readonly seconds: number | undefined;
  /** "T169" for a thread, "C1" for a CPU. */
  readonly caller: string | undefined;
  /** From KERN_EMERG (0) to KERN_DEBUG (7). */
  readonly level: number | undefined;
}

/** Maximum number of characters of `logLines`; of a longer log the newest lines are kept. */
const MAX_SEARCHED = 16 << 20;

/** The lines of the whole log, read once, for searches. Faults are left out. */
export const logLines = derived("log lines", (kernel): readonly LogLine[] => {
  const lines: LogLine[] = [];
  let length = 0;
  // Without a readable log buffer there are no lines.
  attempt(() => {
    for (const record of logRecords(kernel)) {
      if (record instanceof Fault) continue;
      const seconds = record.nanoseconds === undefined ? undefined : Number(record.nanoseconds) / 1e9;
      for (const text of record.text.split("\n"))
        lines.push({ text, seconds, caller: record.caller, level: record.level });
      length += record.text.length;
      if (length < MAX_SEARCHED) continue;
      lines.splice(0, lines.length >> 1);
      length >>= 1;
    }
  });
  return lines;
});
