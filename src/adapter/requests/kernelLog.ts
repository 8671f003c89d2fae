/** The custom request for a part of the kernel log. */
import { attempt, Fault } from "../../base/fault.ts";
import { storedLog } from "../../linux/printk/printk.ts";
import type { LogRecord } from "../../linux/printk/printkRecord.ts";
import type { LogMessage } from "../../protocol/custom.ts";
import type { Handlers } from "../handlers.ts";

/** Maximum number of messages in one response. */
const MAX_COUNT = 10_000;

/** Returns the kernel log in parts, newest first, so that the end of a long log is shown at once. */
export const kernelLog: Pick<Handlers, "vmcore/kernelLog"> = {
  *"vmcore/kernelLog"({ kernel }, { count, before }) {
    const log = storedLog(kernel);
    const end = Math.min(before ?? log.length, log.length);
    const first = Math.max(0, end - Math.min(count, MAX_COUNT));
    const messages: LogMessage[] = [];
    const records = log.records(first, end)[Symbol.iterator]();
    for (;;) {
      const step = attempt(() => records.next());
      if (!(step instanceof Fault) && step.done) break;
      messages.push(messageOf(step instanceof Fault ? step : step.value));
      if (step instanceof Fault) break;
      yield;
    }
    return { messages, first };
  },
};

const messageOf = (record: LogRecord | Fault): LogMessage =>
  record instanceof Fault
    ? { text: `<${record.message}>`, time_ns: undefined, level: undefined, caller: undefined, fault: true }
    : {
        text: record.text,
        time_ns: record.nanoseconds?.toString(),
        level: record.level,
        caller: record.caller,
      };
