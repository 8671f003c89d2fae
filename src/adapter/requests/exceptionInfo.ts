/** The DAP `exceptionInfo` request. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { UsageError } from "../../base/usageError.ts";
import { hex0x } from "../../base/hex.ts";
import { crashSite } from "../../linux/printk/crashSite.ts";
import { crash } from "../../linux/printk/crashReport.ts";
import { verdictSentence } from "../../insight/verdictSentence.ts";
import type { Oops } from "../../linux/printk/oops.ts";
import { signalName } from "../../linux/sched/signal.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import { type SummaryRow, summaryOf } from "../../log/summary.ts";
import { exceptionLine, meaningLine, whereText } from "../exceptionText.ts";
import type { Handlers } from "../handlers.ts";
import { logContext } from "../logContext.ts";
import type { Target } from "../target.ts";

/**
 * Returns the crash as an exception: its kind, the decoded error, and where the kernel reported it. Earlier oopses are
 * inner exceptions.
 */
export const exceptionInfo: Pick<Handlers, "exceptionInfo"> = {
  *exceptionInfo(target, { threadId }) {
    const title = target.title ?? (target.panicked ? target.untitled : undefined);
    const isPanicThread = threadId === target.threads.first().id;
    if (title === undefined || !isPanicThread)
      throw new UsageError("only the first thread of a dump with a crash has an exception");
    const { report, panic, earlier } = crash(target.kernel);
    const kind = report?.kind ?? "panic";
    yield* target.analysis.advance(() => false, VERDICT_MS);
    const sentence = verdictSentence(target.analysis.verdict);
    const summary = report && summaryOf(report.log, report.report, yield* logContext(target));
    return {
      exceptionId: kind,
      description: description(sentence, title, decoded(target, report, title))
        .map(exceptionLine)
        .join("\n"),
      breakMode: "always",
      details: {
        message: title,
        typeName: kind,
        fullTypeName: kind,
        stackTrace: [
          ...(report ? whereText(report) : []),
          // The editor has room for only one of the two sentences.
          ...(summary && sentence === undefined ? [meaningLine(summary)] : []),
          ...(panic ? [exceptionLine(panic.title)] : []),
          wholeReport(target),
        ].join("\n"),
        innerException: earlier.map((one) => ({
          message: one.title,
          typeName: one.kind,
          stackTrace: whereText(one).join("\n"),
        })),
        ...(summary && { meaning: summary.explanation, facts: summary.rows }),
      } satisfies DebugProtocol.ExceptionDetails & ReportFields,
    };
  },
};

/** Number of milliseconds that a request waits for the verdict. The exception is shown with the findings that are known then. */
const VERDICT_MS = 500;

/** Our own fields of the response, for clients with more room than the editor. */
interface ReportFields {
  readonly meaning?: string;
  readonly facts?: readonly SummaryRow[];
}

/** Says where to read the whole report. Only our extension has a Crash Dump panel. */
const wholeReport = ({ arguments: { sourceScheme } }: Target): string =>
  sourceScheme === undefined
    ? 'For the whole report, enter "log" in the debug console.'
    : 'For the whole report, open the Log page, or enter "log" in the Debug Console.';

/** Returns two lines at most, because the editor has no more room. A title that is left out is still the message of the details. */
const description = (sentence: string | undefined, title: string, facts: readonly string[]): string[] =>
  sentence === undefined ? [title, ...facts] : facts.length > 0 ? [sentence, ...facts] : [sentence, title];

/** Returns the decoded error code and address, and how init ended, on one line; nothing if none of them is known. */
function decoded(target: Target, report: Oops | undefined, title: string): string[] {
  const { task } = target.threads.first();
  const { frames } = task ? stackTrace(target.kernel, task) : { frames: [] };
  const trap = frames[crashSite(frames)]?.trap;
  const code = trap?.errorCode ?? report?.errorCode;
  const address = trap?.faultAddress ?? report?.faultAddress;
  const facts = [
    code === undefined
      ? undefined
      : `error code ${hex0x(code)}${trap?.errorText === undefined ? "" : ` (${trap.errorText})`}`,
    address === undefined ? undefined : `address ${hex0x(address)}`,
  ].filter((fact) => fact !== undefined);
  const exit = exitOfInit(title);
  if (exit !== undefined) facts.push(exit);
  return facts.length > 0 ? [facts.join(", ")] : [];
}

/**
 * Returns how init ended, from the wait(2) status in `Attempted to kill init! exitcode=0x0000000b`; undefined if there
 * is not a status.
 */
function exitOfInit(title: string): string | undefined {
  const digits = /\bexitcode=0x([0-9a-f]{1,8})\b/.exec(title)?.[1];
  if (digits === undefined) return undefined;
  const code = Number.parseInt(digits, 16);
  const signal = code & 0x7f;
  if (signal === 0) return `init exited with status ${(code >> 8) & 0xff}`;
  return `init was killed by signal ${signal} (${signalName(signal)})`;
}
