/** Resolves the call traces of a document: inlay hints, code lenses and resolved reports. */
import type { CodeLens, InlayHint } from "vscode-languageserver/node";
import { entriesIn } from "../log/entries.ts";
import { factsOf } from "../log/facts.ts";
import { landmarksOf } from "../log/landmarks.ts";
import { whereText } from "../log/summary.ts";
import { rangeOf } from "./outline.ts";
import type { LensCommands } from "../protocol/language.ts";
import { type Knowledge, placesText } from "./knowledge.ts";
import type { LogText } from "./texts.ts";

/** Maximum number of hints in one response. */
const MAX_HINTS = 500;

/**
 * Returns hints `file.c:123` after the entries of call traces on the lines from `start` up to `end`, if the session or
 * the kernel's files know them.
 */
export async function inlayHints(
  { lines, log }: LogText,
  knowledge: Knowledge,
  start: number,
  end: number,
): Promise<InlayHint[]> {
  const entries = entriesIn(log, start, end).slice(0, MAX_HINTS);
  const known = entries.length > 0 ? await knowledge.of(landmarksOf(log)) : undefined;
  const described = (await known?.describe(entries.map(([, entry]) => entry))) ?? [];
  return entries.flatMap(([line], i) => {
    const description = described[i];
    if (!description || description.places.length === 0) return [];
    const position = { line, character: (lines[line] ?? "").trimEnd().length };
    const tooltip = description.places.map((place) => `${place.function} ${place.file}:${place.line}`).join("\n");
    return [{ position, label: placesText(description), tooltip, paddingLeft: true }];
  });
}

/**
 * Returns a report with `(file.c:123)` after each entry of its call traces; undefined if there is no report at the
 * line. @param line a line of the report
 */
export async function resolvedReport(
  { lines, log }: LogText,
  knowledge: Knowledge,
  line: number,
): Promise<string | undefined> {
  const report = log.reportAt(line);
  if (!report) return undefined;
  const { start, end } = report;
  const hints = await inlayHints({ lines, log }, knowledge, start, end);
  const resolved = lines.slice(start, end).map((text) => text.trimEnd());
  for (const { position, label } of hints) {
    if (typeof label === "string") resolved[position.line - start] += ` (${label})`;
  }
  return `${resolved.join("\n")}\n`;
}

/** Returns the lenses of a document: the actions for each report. */
export async function codeLenses(uri: string, { log }: LogText, knowledge: Knowledge): Promise<CodeLens[]> {
  if (log.reports.length === 0) return [];
  const { match, file } = await knowledge.of(landmarksOf(log));
  const isLive = match === "boot" || match === "kernel";
  return log.reports.flatMap((report) => {
    const { guilty, traces } = factsOf(log, report);
    const range = rangeOf({ start: report.start, end: report.start + 1 });
    const lens = (title: string, command: keyof LensCommands, ...args: unknown[]): CodeLens => ({
      range,
      command: { title, command, arguments: args },
    });
    return [
      lens("Analyze", "vmcore.analyzeReport", uri, report.start),
      ...(traces.length > 0 && (isLive || file !== undefined)
        ? [lens("Resolve Call Trace", "vmcore.resolveReport", uri, report.start)]
        : []),
      ...(guilty?.place.name !== undefined && isLive
        ? [lens(`Go to ${guilty.place.name}`, "vmcore.goTo", whereText(guilty))]
        : []),
      ...(match === "none" ? [lens("Open the Crash Dump of This Report…", "vmcore.open")] : []),
      ...(match === "other kernel" ? [lens("The open dump is of another kernel", "vmcore.open")] : []),
    ];
  });
}
