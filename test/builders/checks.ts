/** Runs a check of the verdict on a crash that is described by a log and by facts. */
import { attempt, Fault } from "../../src/base/fault.ts";
import type { Check } from "../../src/insight/check.ts";
import type { CrashFacts } from "../../src/insight/crashFacts.ts";
import type { Finding, Sentence } from "../../src/insight/finding.ts";
import { sentenceText } from "../../src/insight/finding.ts";
import { factsOf } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import type { Kernel } from "../../src/model/kernel.ts";
import { toyKernel } from "./kernel.ts";

/** The facts of a crash whose report is the last one in a log; everything else is as in a kernel that panicked. */
export function crashWith(lines: readonly string[], facts: Partial<CrashFacts> = {}): CrashFacts {
  const log = KernelLog.of(lines);
  const last = log.reports.at(-1);
  const report = last && factsOf(log, last);
  return {
    report,
    kind: report?.kind,
    panic: undefined,
    stopped: true,
    earlier: [],
    panicCpu: 0,
    task: undefined,
    pid: undefined,
    comm: undefined,
    cpu: undefined,
    stack: undefined,
    frames: [],
    trap: undefined,
    fault: undefined,
    secondsAt: () => undefined,
    ...facts,
  };
}

/** What a check found, and why it did not finish. */
export interface Checked {
  readonly findings: readonly Finding[];
  readonly texts: readonly string[];
  readonly fault: Fault | undefined;
}

/** Runs a check to its end, without its pauses. */
export function checked(check: Check, crash: CrashFacts, kernel: Kernel = toyKernel({ types: "" })): Checked {
  const findings: Finding[] = [];
  const fault = attempt(() => {
    for (const step of check.run(kernel, crash)) if ("id" in step) findings.push(step);
  });
  const texts = findings.map(({ text }: { readonly text: Sentence }) => sentenceText(text));
  return { findings, texts, fault: fault instanceof Fault ? fault : undefined };
}
