/** The frames of a report's stacks, in the order in which the guilty function is searched. */
import { isTraceLine } from "./forms.ts";
import type { KernelLog } from "./kernelLog.ts";
import type { ReportKind } from "./kinds.ts";
import { machineOf } from "./machines.ts";
import { type PrintedPlace, plainName } from "./place.ts";
import { PAGE } from "./poison.ts";
import type { Report } from "./reports.ts";
import { linkOf, siteIn } from "./facts/site.ts";
import { type StackEntry, type SiteLine, stacksOf, type Trace } from "./traces.ts";

/** The function that a report is about, and the line that names it. */
export interface Frame {
  readonly place: PrintedPlace;
  readonly at: number;
  /** Whether the place is a return address; otherwise it is the instruction itself. */
  readonly returns: boolean;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  /** Titles leave the frame out, as those of syzkaller do; it can be the guilty function. */
  readonly isUntitled?: true;
}

/** The guilty function of a report, and the name used for it in the title. */
export interface Verdict {
  readonly frame: Frame | undefined;
  readonly name: string | undefined;
}

export const NO_VERDICT: Verdict = { frame: undefined, name: undefined };

export const nameOf = ({ place }: Frame): string => plainName(place.name ?? "");

/**
 * Whether a return address is the first byte of a function: the call was the last instruction of the function before
 * it in memory, which arm names in its next line.
 */
export const isAfterLastCall = ({ place, returns }: Frame): boolean =>
  returns && place.offset === 0 && place.size !== undefined;

export const frameOf = (entry: StackEntry): Frame[] => {
  const frame: Frame = {
    place: entry,
    at: entry.at,
    returns: !entry.isSite && !entry.marks.includes("P"),
    file: entry.file,
    line: entry.line,
  };
  if (entry.callee === undefined) return [frame];
  const { name, offset, size, ...rest } = entry;
  void [name, offset, size];
  return [{ ...frame, place: { ...rest, name: entry.callee, offset: undefined, size: undefined } }, frame];
};

/**
 * Returns the reliable frames of a trace: a doubtful entry may be left over from an earlier call, so it is not used as
 * the guilty one.
 */
export function framesOf(trace: Trace | undefined, after = -1): Frame[] {
  const all = trace?.entries ?? [];
  // An injected failure prints a stack, often within another report's. Its entries are not part of this report.
  const injected = all.findIndex(({ name }) => /^should_fail/.test(name ?? ""));
  const entries = (injected < 0 ? all : all.slice(0, injected)).filter(({ at }) => at > after);
  // An inlined function is part of the entry after it.
  return entries.filter(({ isInline, isDoubtful }) => !isInline && !isDoubtful).flatMap(frameOf);
}

const isStack = ({ role }: Trace): boolean => role === "stack";

/** Kinds whose own stack never runs through KASAN's report: such a trace is of another CPU's report. */
const NEVER_SANITIZER: ReadonlySet<ReportKind> = new Set([
  "allocation-failure",
  "list-corruption",
  "usercopy",
  "fortify",
  "refcount",
  "odebug",
]);

/**
 * Whether a trace belongs to the report. Decided by its form if lines do not name the task or CPU that printed them.
 */
function isOwnTrace(log: KernelLog, report: Report, trace: Trace): boolean {
  if (report.caller !== undefined) return true;
  // Only arm prints traces without a head. On other machines such entries continue the trace into which the report was
  // printed.
  const before = log.lines[report.start - 1]?.text ?? "";
  const [entry] = trace.entries;
  const isHeadless = trace.head === "" && entry?.callee === undefined && entry?.address === undefined;
  if (isHeadless && trace.start - report.at <= 2 && isTraceLine(before)) return false;
  return !(
    NEVER_SANITIZER.has(report.headline.row.kind) &&
    trace.entries.some(({ name }) => /^(?:__kasan_report|kasan_report|__asan_report)/.test(name ?? ""))
  );
}

const mainTrace = (log: KernelLog, report: Report): Trace | undefined =>
  stacksOf(log, report).traces.find(
    (trace) => isStack(trace) && trace.end > report.at && isOwnTrace(log, report, trace),
  );

export const traceFrames = (log: KernelLog, report: Report): Frame[] => framesOf(mainTrace(log, report));

/**
 * Whether x86 called an address without code: then the return address is the first word on the stack, even if the
 * unwinder doubts it (up to 5.0 it skips the caller of NULL). Near NULL the jump may be a return to a wrong address
 * instead.
 */
export const isCallOnStack = (site: SiteLine | undefined): boolean =>
  site !== undefined &&
  machineOf(site.machine)?.pushesReturn === true &&
  site.place?.name === undefined &&
  site.address !== undefined &&
  (site.address === 0n || site.address >= PAGE);

/** Returns the instruction's frame, then the rest of the trace that contains it, or the trace after it. */
export function siteFrames(log: KernelLog, report: Report): Frame[] {
  const { sites, traces } = stacksOf(log, report);
  const site = siteIn(sites.filter(({ role, isUser }) => role === "pc" && !isUser));
  if (!site) return traceFrames(log, report);
  // After a jump to an invalid address, the return address shows who jumped.
  const link = site.place?.name === undefined ? linkOf(sites, site) : undefined;
  const own: Frame[] =
    site.place?.name !== undefined
      ? [{ place: site.place, at: site.at, returns: false }]
      : link?.place?.name !== undefined
        ? [{ place: link.place, at: link.at, returns: machineOf(link.machine)?.hasLastBranch !== true }]
        : [];
  const top = isCallOnStack(site) ? mainTrace(log, report)?.entries[0] : undefined;
  if (own.length === 0 && top?.name !== undefined && top.isDoubtful)
    own.push({ place: top, at: top.at, returns: true, isUntitled: true });
  const around = traces.find(({ start, end }) => start < site.at && site.at < end);
  if (around && isStack(around)) return [...own, ...framesOf(around, site.at)];
  const behind = traces.find((trace) => (isStack(trace) || trace.role === "cpu") && trace.end > site.at);
  return [...own, ...framesOf(behind)];
}
