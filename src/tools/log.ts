/** The tool `log`: messages of the kernel log, and the reports in it. */
import { z } from "zod";
import { UsageError } from "../base/usageError.ts";
import { logLines } from "../linux/printk/printk.ts";
import { crashFacts } from "../insight/crashFacts.ts";
import { record } from "../say/piece.ts";
import { conclusion, tool } from "./tool.ts";

export const log = tool({
  name: "log",
  title: "Kernel Log",
  description:
    "Lines of the kernel log, the oldest first. Default: the last 60, or with `contains` all. With `crash`, the report of the crash (oops, BUG, lockup, ...), from its first to its last line. `line` counts from 1.",
  input: z.strictObject({
    last: z.number().int().min(1).max(5000).optional().describe("this many lines before the end"),
    from: z.number().int().min(1).optional().describe("first line, counted from 1"),
    count: z.number().int().min(1).max(5000).optional().describe("with `from`: number of lines; default 200"),
    contains: z.string().max(200).optional().describe("only lines with this text"),
    crash: z.boolean().default(false).describe("only the lines of the report of the crash"),
  }),
  *run({ kernel }, { last, from, count, contains, crash }) {
    if ([last !== undefined, from !== undefined, crash].filter(Boolean).length > 1)
      throw new UsageError("give only one of `last`, `from` and `crash`");
    if (count !== undefined && from === undefined)
      throw new UsageError("`count` needs `from`; `last` counts from the end");
    const lines = logLines(kernel);
    const report = crash ? crashFacts(kernel).report?.report : undefined;
    if (crash && !report) return yield conclusion("The log has no report of a crash.", "log");
    const [start, end] = report
      ? [report.start, Math.max(report.end, report.tail) - 1]
      : from !== undefined
        ? [from - 1, Math.min(lines.length, from - 1 + (count ?? 200)) - 1]
        : [Math.max(0, lines.length - (last ?? (contains === undefined ? 60 : lines.length))), lines.length - 1];
    yield conclusion(`The log has ${lines.length} lines.`, "log");
    let shown = 0;
    for (let index = start; index <= end && index < lines.length; index++) {
      const text = lines[index]?.text ?? "";
      if (contains !== undefined && !text.includes(contains)) continue;
      shown++;
      yield record({ line: index + 1, text }, text);
    }
    yield conclusion(`${shown} of ${lines.length} lines of the log.`, "log");
  },
});
