/** Converts a report to JSON. */
import { padHex } from "../base/hex.ts";
import type { LogContext } from "./context.ts";
import { factsOf } from "./facts.ts";
import type { KernelLog } from "./kernelLog.ts";
import type { PrintedPlace } from "./place.ts";
import type { Report } from "./reports.ts";
import { sourceOfGuilty, summaryOf } from "./summary.ts";
import type { StackEntry } from "./traces.ts";

/** An absent value is null, addresses are `0x` and 16 digits, lines count from 1: as in `--json` of the commands. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Returns a word of the machine as 16 hexadecimal digits. */
const word = (value: bigint | undefined): string | null => (value === undefined ? null : `0x${padHex(value, 16)}`);

const place = ({ name, offset, size, module, address }: PrintedPlace): Record<string, Json> => ({
  function: name ?? null,
  offset: offset ?? null,
  size: size ?? null,
  module: module ?? null,
  address: word(address),
});

const entry = (one: StackEntry): Json => ({
  ...place(one),
  line: one.at + 1,
  reliable: !one.isDoubtful,
  inlined: one.isInline,
  source: one.file === undefined ? null : { file: one.file, line: one.line ?? null },
});

/** Converts a report to data for programs. */
export function recordOf(log: KernelLog, report: Report, context: LogContext = {}): Json {
  const facts = factsOf(log, report);
  const summary = summaryOf(log, report, context);
  const { guilty, access, site } = facts;
  const source = sourceOfGuilty(facts, context);
  return {
    title: summary.title,
    kind: summary.kind,
    severity: summary.severity,
    type: summary.type === "" ? null : summary.type,
    headline: summary.headline,
    explanation: summary.explanation,
    printed_by: summary.printedBy,
    lines: { first: report.start + 1, last: report.end, headline: report.at + 1 },
    caller: report.caller ?? null,
    machine: facts.machine ?? null,
    cpu: facts.cpu ?? null,
    pid: facts.pid ?? null,
    comm: facts.comm ?? null,
    where: guilty
      ? {
          ...place(guilty.place),
          line: guilty.at + 1,
          source: source ? { file: source.file, line: source.line } : null,
        }
      : null,
    access: {
      verb: access.verb ?? null,
      size: access.size ?? null,
      address: word(access.isPage ? undefined : access.address),
      // The error code of the fault.
      code: word(access.code),
    },
    said: facts.messages,
    facts: summary.rows.map(({ key, label, text }) => ({ key, label, text })),
    kernel: { release: facts.release ?? null, distribution: facts.distribution ?? null, taint: facts.taint ?? null },
    hardware: facts.hardware ?? null,
    modules: Object.fromEntries(facts.modules),
    registers: Object.fromEntries((site?.registers ?? []).map(({ name, value }) => [name, word(value)])),
    // The bytes that the report prints after "Code:".
    code: site?.code?.text ?? null,
    panic: facts.panic ?? null,
    traces: facts.traces.map(({ role, cpu, head, start, end, entries }) => ({
      role,
      cpu: cpu ?? null,
      head,
      lines: { first: start + 1, last: end },
      entries: entries.map(entry),
    })),
  };
}
