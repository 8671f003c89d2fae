import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { logBufRecords, plainLogRecords } from "./printkLogBuf.ts";
import type { LogRecord, StoredLog } from "./printkRecord.ts";
import { ringbuffer, ringbufferRecords } from "./printkRingbuffer.ts";

/**
 * The kernel log, oldest first. A message that cannot be read is a Fault in its place.
 *
 * Three formats, told apart by their variables: the ring buffer of v5.10 and later (`prb`), the records of v3.5
 * (`log_first_idx`), and plain text before.
 * @throws Fault when the buffer itself cannot be found
 */
export function logRecords(kernel: Kernel): Generator<LogRecord | Fault> {
  if (has(kernel, "prb")) return ringbufferRecords(kernel);
  if (has(kernel, "log_first_idx")) return logBufRecords(kernel);
  if (has(kernel, "log_end")) return plainLogRecords(kernel);
  throw Fault.of("unknown", "no kernel log: neither prb nor log_buf is among the symbols");
}

const has = (kernel: Kernel, name: string): boolean =>
  kernel.symbols.find(name) !== undefined || kernel.vmcoreinfo(`SYMBOL(${name})`) !== undefined;

const allRecords = derived("log records", (kernel) => readable(logRecords(kernel)));

/**
 * The log for those who begin at its newest end. Only the ring buffer can be read from there; the older formats are
 * read from their start, once.
 * @throws Fault when the buffer itself cannot be found
 */
export function storedLog(kernel: Kernel): StoredLog {
  if (has(kernel, "prb")) return ringbuffer(kernel);
  const all = allRecords(kernel);
  return { length: all.length, records: (first, end) => all.slice(first, end) };
}

/** What there is up to the fault that ends it. */
function readable(records: Iterator<LogRecord | Fault>): readonly (LogRecord | Fault)[] {
  const all: (LogRecord | Fault)[] = [];
  for (;;) {
    const step = attempt(() => records.next());
    if (step instanceof Fault && all.length === 0) throw step;
    if (step instanceof Fault) return [...all, step];
    if (step.done) return all;
    all.push(step.value);
  }
}

/** A line of the log and when it was printed. */
export interface LogLine {
  readonly text: string;
  /** Seconds of local_clock(); undefined where the format does not tell. */
  readonly seconds: number | undefined;
  /** "T169" for a thread, "C1" for a CPU. */
  readonly caller: string | undefined;
  /** KERN_EMERG 0 to KERN_DEBUG 7. */
  readonly level: number | undefined;
}

/** Characters kept for searching: the newest of a log that is longer. */
const MAX_SEARCHED = 16 << 20;

/** The whole log once, line by line, for those who look for something in it. Faults are left out. */
export const logLines = derived("log lines", (kernel): readonly LogLine[] => {
  const lines: LogLine[] = [];
  let length = 0;
  // A log whose very buffer is gone has no lines.
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
