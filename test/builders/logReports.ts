/** Small logs as the summaries of their reports. */
import assert from "node:assert/strict";
import type { LogContext } from "../../src/log/context.ts";
import { factsOf } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { type Summary, summaryOf } from "../../src/log/summary.ts";
import { codeDecoder } from "../../src/session/open/codeDecoder.ts";

const context: LogContext = { disassemble: await codeDecoder(["x86_64", "i386", "arm", "arm64", "powerpc", "riscv"]) };

export function summaries(text: string): Summary[] {
  const log = KernelLog.of(text.split("\n"));
  return log.reports.map((report) => summaryOf(log, report, context));
}

const withTimes = (text: string): string =>
  text
    .split("\n")
    .map((line, i) => `[    7.${String(100000 + i)}] ${line}`)
    .join("\n");

/** The reports of messages, with the time before each line. */
export const timed = (text: string): Summary[] => summaries(withTimes(text));

/** The functions of each call trace, by report. */
export function tracesOf(lines: readonly string[]): string[][][] {
  const log = KernelLog.of(lines);
  return log.reports.map((report) =>
    factsOf(log, report).traces.map(({ entries }) => entries.map(({ name }) => name ?? "")),
  );
}

/** The same, with the time before each line. */
export const timedTraces = (text: string): string[][][] => tracesOf(withTimes(text).split("\n"));

export const only = (all: readonly Summary[]): Summary => {
  assert.equal(all.length, 1, JSON.stringify(all.map(({ title }) => title)));
  return all[0]!;
};

/** A fact by its label. */
export const row = ({ rows }: Summary, label: string): string | undefined =>
  rows.find((one) => one.label === label)?.text;
