/** Checks whether messages of the kernel log were lost. */
import { Fault } from "../../base/fault.ts";
import { logLines, storedLog } from "../../linux/printk/printk.ts";
import { lostReservations } from "../../linux/printk/printkRingbuffer.ts";
import type { Kernel } from "../../model/kernel.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords } from "./amounts.ts";

/** Reports messages that did not get into the log, that consoles dropped, or that newer ones overwrote. */
export const lostMessages: HealthCheck = {
  id: "lost-messages",
  title: "lost log messages",
  shows: "log",
  *run(kernel) {
    const lost = lostReservations(kernel) ?? 0;
    if (lost > 0)
      yield observed(
        "lost-messages",
        "suspect",
        { lost },
        [
          `${countWords(lost, "message")} did not get into the log, because the ring buffer was full of unfinished ones.`,
        ],
        { kind: "output", command: "p prb", text: `prb->fail = ${lost}` },
      );
    const lines = logLines(kernel);
    const line = lines.findIndex(({ text }) => /\*\* \d{1,10} printk messages dropped \*\*/.test(text));
    const dropped = lines[line];
    if (dropped)
      yield observed(
        "lost-messages",
        "note",
        { dropped: Number(/\d+/.exec(dropped.text)?.[0] ?? 0) },
        ["A console dropped messages because it was too slow; the log in memory can have them."],
        { kind: "log", line, text: dropped.text },
      );
    const seq = oldestNumber(kernel);
    if (seq !== undefined && seq > 0n)
      yield observed(
        "lost-messages",
        "note",
        { overwritten: Number(seq) },
        [
          `The first ${countWords(Number(seq), "message")} were overwritten by newer ones: log_buf_len is too small for them.`,
        ],
        { kind: "output", command: "log -m | head -1", text: `the oldest record has the number ${seq}` },
      );
    return `${countWords(lines.length, "line")}; no message was lost or overwritten.`;
  },
};

/**
 * Returns the sequence number of the oldest record; undefined for formats without numbers. The first positions have no
 * record if the texts are overwritten before the descriptors.
 */
function oldestNumber(kernel: Kernel): bigint | undefined {
  const log = storedLog(kernel);
  for (const record of log.records(0, log.length)) if (!(record instanceof Fault)) return record.seq;
  return undefined;
}
