/** Reports between whose lines another CPU printed its own, in a log without the callers of printk() (CONFIG_PRINTK_CALLER). */
import { partitionPoint } from "../../base/search.ts";
import type { KernelLog } from "../kernelLog.ts";
import type { ReportKind } from "../kinds.ts";
import type { Report } from "../reports.ts";
import { stacksOf } from "../traces.ts";

/** Faults that show one task's registers, after the line that names the task. */
const OF_ONE_TASK: ReadonlySet<ReportKind> = new Set([
  "null-pointer",
  "page-fault",
  "general-protection",
  "double-fault",
  "divide-error",
  "invalid-opcode",
  "stack-segment",
  "int3",
  "kernel-bug",
]);

/**
 * Whether lines of another CPU's report are mixed in, so that the log does not show which task and registers belong to
 * this report.
 */
export const isMixedUp = (log: KernelLog, report: Report, texts: readonly string[]): boolean =>
  report.caller === undefined &&
  (log.othersOf(report).isTaskUnknown ||
    (OF_ONE_TASK.has(report.headline.row.kind) &&
      (namesTwoTasks(texts) || namesTwoPlaces(texts) || cutsOther(log, report))));

function namesTwoTasks(texts: readonly string[]): boolean {
  const tasks = new Set<string>();
  // x86 names the task before the place: a place before it is the end of another report (oops_end).
  const place = texts.findIndex((text) => text.startsWith("RIP: "));
  const named = texts.findIndex((text) => /^CPU: \d+ (?:UID: \d+ )?PID: /.test(text));
  if (place >= 0 && place < named) return true;
  for (const text of texts) {
    if (/^(?:RIP: |EIP: |PC is at|pc : |epc|NIP|Call Trace|Call trace|Kernel panic)/.test(text)) break;
    const [, task] = /^CPU: (\d+(?: UID: \d+)? PID: -?\d+) Comm: /.exec(text) ?? [];
    if (task !== undefined) tasks.add(task);
  }
  return tasks.size > 1;
}

/** Returns the function and offset in a line with the kernel's instruction pointer (x86's form), also up to v4.9. */
export const placeIn = (text: string): string | undefined =>
  /^RIP: 0010:(?:\[<[0-9a-f]{8,16}>\] {1,4}\[<[0-9a-f]{8,16}>\] {1,4})?([\w.]{1,255}\+0x[0-9a-f]{1,8})\/0x/.exec(
    text,
  )?.[1];

/** Whether two instructions are named before a stack: two processors print their registers. */
function namesTwoPlaces(texts: readonly string[]): boolean {
  const places = new Set<string>();
  for (const text of texts) {
    if (/^(?:Call [Tt]race|Modules linked|---\[ end)/.test(text)) break;
    const place = placeIn(text);
    if (place !== undefined) places.add(place);
  }
  return places.size > 1;
}

/**
 * Whether the report interrupts another one that had not printed its registers yet, so that these follow within this
 * report.
 */
function cutsOther(log: KernelLog, { at, start }: Report): boolean {
  const { reports } = log;
  const before = reports[partitionPoint(reports.length, (i) => (reports[i]?.at ?? at) < at) - 1];
  return (
    before !== undefined &&
    start - before.end <= 1 &&
    !/^---\[ end/.test(log.lines[before.end - 1]?.text ?? "") &&
    [...OF_ONE_TASK, "list-corruption"].includes(before.headline.row.kind) &&
    stacksOf(log, before).sites.length === 0
  );
}
