import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { logBufRecords, plainLogRecords } from "./printkLogBuf.ts";
import type { LogRecord } from "./printkRecord.ts";
import { ringbufferRecords } from "./printkRingbuffer.ts";

/**
 * The kernel log, oldest first. A message that cannot be read is a Fault in its place.
 *
 * Three formats, told apart by their variables: the ring buffer of v5.10 and later (`prb`), the records of v3.5
 * (`log_first_idx`), and plain text before.
 * @throws Fault when the buffer itself cannot be found
 */
export function logRecords(kernel: Kernel): Generator<LogRecord | Fault> {
  const has = (name: string): boolean =>
    kernel.symbols.find(name) !== undefined || kernel.vmcoreinfo(`SYMBOL(${name})`) !== undefined;
  if (has("prb")) return ringbufferRecords(kernel);
  if (has("log_first_idx")) return logBufRecords(kernel);
  if (has("log_end")) return plainLogRecords(kernel);
  throw Fault.of("unknown", "no kernel log: neither prb nor log_buf is among the symbols");
}

/** A line of the log and when it was printed. */
export interface LogLine {
  readonly text: string;
  /** Seconds of local_clock(); undefined where the format does not tell. */
  readonly seconds: number | undefined;
}

/** Characters kept for searching: the newest of a log that is longer. */
const MAX_SEARCHED = 16 << 20;

/** The whole log once, line by line, for those who look for something in it. Faults are left out. */
export function logLines(kernel: Kernel): readonly LogLine[] {
  return kernel.memo("log lines", () => {
    const lines: LogLine[] = [];
    let length = 0;
    // A log whose very buffer is gone has no lines.
    attempt(() => {
      for (const record of logRecords(kernel)) {
        if (record instanceof Fault) continue;
        const seconds = record.nanoseconds === undefined ? undefined : Number(record.nanoseconds) / 1e9;
        for (const text of record.text.split("\n")) lines.push({ text, seconds });
        length += record.text.length;
        if (length < MAX_SEARCHED) continue;
        lines.splice(0, lines.length >> 1);
        length >>= 1;
      }
    });
    return lines;
  });
}
