/** Checks whether messages of the kernel log were lost. */
import { attempt, Fault } from "../../base/fault.ts";
import { consoleName, consoles } from "../../linux/printk/consoles.ts";
import { logLines, storedLog } from "../../linux/printk/printk.ts";
import { lostReservations } from "../../linux/printk/printkRingbuffer.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords } from "./amounts.ts";

/** Reports messages that did not get into the log, that consoles have dropped, or that newer ones overwrote. */
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
          `${countWords(lost, "message")} did not get into the log, because the oldest record, which they would have replaced, was not finished.`,
        ],
        { kind: "output", command: "p prb", text: `prb->fail = ${lost}` },
      );
    for (const { console, name, dropped } of droppedMessages(kernel))
      yield observed(
        "lost-messages",
        "note",
        { dropped, console: name },
        [`The console ${name} has dropped ${countWords(dropped, "message")} and not printed that yet.`],
        { kind: "field", type: "struct console", address: console.address, path: "dropped", value: String(dropped) },
      );
    const seq = oldestNumber(kernel);
    if (seq !== undefined && seq > 0n)
      yield observed(
        "lost-messages",
        "note",
        { overwritten: Number(seq) },
        [
          `The first ${countWords(Number(seq), "message")} ${seq === 1n ? "was" : "were"} overwritten by newer ones: log_buf_len is too small for them.`,
        ],
        { kind: "output", command: "log -m | head -1", text: `the oldest record has the number ${seq}` },
      );
    const end =
      seq === undefined
        ? "no message was lost; the log does not show whether some were overwritten."
        : "no message was lost or overwritten.";
    return `${countWords(logLines(kernel).length, "line")}; ${end}`;
  },
};

/**
 * Returns the consoles that dropped messages since they last printed how many: `console.dropped`, since Linux kernel
 * commit a699449bb13b ("printk: refactor and rework printing logic") (in v5.19); empty if they cannot be read. The text
 * "printk messages dropped" is only printed and not stored in the log.
 */
function droppedMessages(kernel: Kernel): { console: Obj<"struct console">; name: string; dropped: number }[] {
  const found = attempt(() =>
    [...consoles(kernel)].flatMap((console) => {
      const dropped = console.has("dropped") ? console.at("dropped").number() : 0;
      return dropped > 0 ? [{ console, name: consoleName(console), dropped }] : [];
    }),
  );
  return found instanceof Fault ? [] : found;
}

/**
 * Returns the sequence number of the oldest record that can be read; undefined if none can be read, and for formats
 * without numbers. The first positions have no record if the texts are overwritten before the descriptors.
 */
function oldestNumber(kernel: Kernel): bigint | undefined {
  const log = storedLog(kernel);
  for (const record of log.records(0, log.length)) if (!(record instanceof Fault)) return record.seq;
  return undefined;
}
