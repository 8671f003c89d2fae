import type { CodeLens, InlayHint } from "vscode-languageserver/node";
import { rangeOf } from "./outline.ts";
import { describeEntries, placesText, type Session } from "./session.ts";
import type { LogText } from "./texts.ts";

/** More entries than a window shows. */
const MAX_HINTS = 500;

/** `file.c:123` behind the entries of call traces on lines `start` up to `end`, where a session knows them. */
export async function inlayHints(
  { lines, log }: LogText,
  session: Session,
  start: number,
  end: number,
): Promise<InlayHint[]> {
  const entries = [...log.entries].filter(([line]) => line >= start && line < end).slice(0, MAX_HINTS);
  const described = await describeEntries(
    session,
    log,
    entries.map(([, entry]) => entry),
  );
  return entries.flatMap(([line], i) => {
    const known = described[i];
    if (!known || known.places.length === 0) return [];
    const position = { line, character: (lines[line] ?? "").trimEnd().length };
    const tooltip = known.places.map((place) => `${place.function} ${place.file}:${place.line}`).join("\n");
    return [{ position, label: placesText(known), tooltip, paddingLeft: true }];
  });
}

/** A report of the log with `(file.c:123)` behind each entry of its call traces; the line of its headline is given. */
export async function resolvedReport(
  { lines, log }: LogText,
  session: Session,
  line: number,
): Promise<string | undefined> {
  const report = log.reports.find(({ start, end }) => start <= line && line < end);
  if (!report) return undefined;
  const { start, end } = report;
  const hints = await inlayHints({ lines, log }, session, start, end);
  const resolved = lines.slice(start, end).map((text) => text.trimEnd());
  for (const { position, label } of hints) {
    if (typeof label === "string") resolved[position.line - start] += ` (${label})`;
  }
  return `${resolved.join("\n")}\n`;
}

/** What can be done with a report. */
export async function codeLenses(uri: string, { log }: LogText, session: Session): Promise<CodeLens[]> {
  if (log.reports.length === 0) return [];
  const kinship = await session.kinship(log);
  return log.reports.flatMap((report) => {
    const range = rangeOf({ start: report.start, end: report.start + 1 });
    const lens = (title: string, command: string, ...args: unknown[]): CodeLens => ({
      range,
      command: { title, command, arguments: args },
    });
    if (kinship === "none") return [lens("Open the crash dump of this report...", "vmcore.open")];
    if (kinship === "stranger") return [lens("The open dump is of another kernel", "vmcore.open")];
    const { site, traces } = report;
    return [
      ...(site ? [lens(`Go to ${site.name}`, "vmcore.goTo", `${site.name}+0x${site.offset.toString(16)}`)] : []),
      ...(traces.length > 0 ? [lens("Resolve call trace", "vmcore.resolveReport", uri, report.start)] : []),
    ];
  });
}
