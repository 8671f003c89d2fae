/** The verb `log`: explains the reports in the text of a kernel log. */
import { labelled } from "../render/pad.ts";
import { isSystemError } from "../base/systemError.ts";
import { parseArgs } from "node:util";
import { Fault } from "../base/fault.ts";
import { UsageError } from "../base/usageError.ts";
import type { LogContext } from "../log/context.ts";
import { factsOf } from "../log/facts.ts";
import { KernelLog } from "../log/kernelLog.ts";
import { landmarksOf } from "../log/landmarks.ts";
import { splitLines } from "../log/lines.ts";
import { placeText } from "../log/place.ts";
import { recordOf } from "../log/record.ts";
import type { Report } from "../log/reports.ts";
import { summaryOf } from "../log/summary.ts";
import type { Trace } from "../log/traces.ts";
import { printable, printableJson } from "../base/printable.ts";
import { codeDecoder } from "../session/open/codeDecoder.ts";
import { contextOfKernel, kernelOfLog } from "../session/open/logContext.ts";
import { OpenError } from "../session/open/openError.ts";
import { logText } from "../session/open/logText.ts";
import { resolveLog } from "../session/open/resolveLog.ts";
import { EXIT_ANSWERED, EXIT_FAILED, EXIT_OPEN, EXIT_USAGE } from "./exit.ts";
import { systemReason } from "./systemReason.ts";

const USAGE = `usage: vmcore-debug log [--json] [--vmlinux VMLINUX | --resolve VMLINUX] FILE...

Reads the text of a kernel log (dmesg, a serial console, a journal, a bug report; also packed with gzip, zstd or xz; "-"
is standard input) and explains the reports in it. Several FILEs, or a directory such as /sys/fs/pstore, are the records
of one pstore, which are joined. Exits with status 1 if there is no report. With --vmlinux the kernel's debuginfo adds
lines of source and names of members. With --resolve the log itself is printed, with the line of source after each entry
of its call traces that can be resolved, and the status is 1 if there are entries and none can be; with --json too,
--resolve does what --vmlinux does.
`;

/**
 * Runs the verb `log`: explains the reports of a kernel log, or resolves its call traces.
 * @returns the exit status: EXIT_FAILED if there is no report or, with --resolve, if no entry could be resolved
 */
export async function log(argv: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { json: { type: "boolean" }, resolve: { type: "string" }, vmlinux: { type: "string" } },
      allowPositionals: true,
    });
    if (positionals.length === 0) throw new UsageError(`log: a FILE is missing\n${USAGE}`);
    const file = positionals.join(" ");
    const given = splitLines(logText(positionals).replace(/\r?\n$/, ""));
    const text = KernelLog.of(given);
    if (values.resolve !== undefined && values.json !== true) return resolve(text, given, values.resolve);
    const context = await contextOf(text, values.vmlinux ?? values.resolve);
    process.stdout.write(values.json === true ? jsonText(text, file, context) : printed(text, file, context));
    return text.reports.length > 0 ? EXIT_ANSWERED : EXIT_FAILED;
  } catch (error) {
    const isUsage = error instanceof UsageError || isArgumentError(error);
    const isOpen = error instanceof Fault || error instanceof OpenError || isSystemError(error);
    if (!isUsage && !isOpen) throw error;
    const usage = isArgumentError(error) ? `\n${USAGE}` : "";
    const { path } = error as NodeJS.ErrnoException;
    const message = isSystemError(error)
      ? `${path === undefined ? "" : `${path}: `}${systemReason(error)}`
      : error.message;
    process.stderr.write(`vmcore-debug: ${`${message}${usage}`.split("\n").map(printable).join("\n").trimEnd()}\n`);
    return isUsage ? EXIT_USAGE : EXIT_OPEN;
  }
}

/** @throws UsageError, OpenError, Fault as `kernelOfLog` */
async function contextOf(text: KernelLog, vmlinux: string | undefined): Promise<LogContext> {
  const disassemble = await codeDecoder(text.reports.map((report) => factsOf(text, report).machine));
  if (vmlinux === undefined) return { disassemble };
  return contextOfKernel(kernelOfLog(vmlinux, landmarksOf(text).release), disassemble);
}

/** @throws UsageError, OpenError, Fault as `resolveLog` */
function resolve(text: KernelLog, given: readonly string[], vmlinux: string): number {
  const { lines, resolved, entries, unresolved } = resolveLog(text, given, vmlinux);
  process.stdout.write(`${lines.join("\n")}\n`);
  if (unresolved !== undefined) process.stderr.write(`vmcore-debug: ${unresolved}\n`);
  return resolved > 0 || entries === 0 ? EXIT_ANSWERED : EXIT_FAILED;
}

/** Whether the error is one of parseArgs: an unknown option, or a missing value. */
const isArgumentError = (error: unknown): error is Error =>
  error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");

function jsonText(text: KernelLog, file: string, context: LogContext): string {
  const reports = text.reports.map((report) => recordOf(text, report, context));
  return `${printableJson(JSON.stringify({ schema: 1, file, lines: text.lines.length, reports }, undefined, 2))}\n`;
}

/** Maximum number of entries of a call trace that are printed. */
const MAX_ENTRIES = 40;
/** Width of the labels in columns. */
const LABEL = 16;

function printed(text: KernelLog, file: string, context: LogContext): string {
  const { reports } = text;
  const count = reports.length === 1 ? "1 report" : `${reports.length} reports`;
  const name = file === "-" ? "standard input" : file;
  const lines = [
    `${name}: ${count} in ${text.lines.length} lines`,
    ...reports.flatMap((report, i) => reportLines({ text, report, context }, i)),
  ];
  return `${lines.map(printable).join("\n")}\n`;
}

interface Shown {
  readonly text: KernelLog;
  readonly report: Report;
  readonly context: LogContext;
}

function reportLines({ text, report, context }: Shown, i: number): string[] {
  const summary = summaryOf(text, report, context);
  const { traces } = factsOf(text, report);
  const row = (label: string, value: string): string => labelled(label, value, LABEL);
  return [
    "",
    `${i + 1}. ${summary.title}`,
    row("Lines", `${summary.start + 1}-${summary.end}`),
    row("Headline", summary.headline),
    ...summary.rows.map(({ label, text: value }) => row(label, value)),
    ...wrapped(summary.explanation).map((part, line) => row(line === 0 ? "Meaning" : "", part)),
    ...traces.flatMap((trace) => traceLines(trace, row)),
  ];
}

/** Width of the text after a label in columns. */
const TEXT = 96;

function wrapped(text: string): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + word.length + 1 > TEXT) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

function traceLines({ role, cpu, entries }: Trace, row: (label: string, value: string) => string): string[] {
  const shown = entries.slice(0, MAX_ENTRIES).map((entry) => {
    const module = entry.module === undefined ? "" : ` [${entry.module}]`;
    const source = entry.file === undefined ? "" : ` ${entry.file}:${entry.line ?? 0}`;
    return `${entry.isDoubtful ? "? " : ""}${placeText({ ...entry, size: undefined })}${module}${source}${entry.isInline ? " [inline]" : ""}`;
  });
  const more = entries.length > MAX_ENTRIES ? [row("", `... ${entries.length - MAX_ENTRIES} more`)] : [];
  const label = cpu !== undefined ? `CPU ${cpu}` : role === "stack" ? "Trace" : (LABELS[role] ?? role);
  return [...shown.map((value, i) => row(i === 0 ? label : "", value)), ...more];
}

const LABELS: Partial<Record<Trace["role"], string>> = {
  cpu: "Also shown",
  allocation: "Allocated",
  free: "Freed",
  work: "Queued",
  origin: "Created",
  store: "Stored",
  "page-allocation": "Page allocated",
  "page-free": "Page freed",
  chain: "Earlier use",
  race: "Race",
  leak: "Allocated",
};
