/** Runs the checks of the machine's health. */
import type { Kernel } from "../model/kernel.ts";
import type { Unchecked } from "./analyze.ts";
import type { Step } from "./check.ts";
import type { Finding } from "./finding.ts";
import type { DumpState, HealthCheck } from "./healthCheck.ts";
import { healthChecks } from "./healthChecks.ts";
import { runCheck } from "./runCheck.ts";

/** A check that found nothing, with a sentence about what it read. */
export interface Passed {
  readonly check: HealthCheck;
  readonly sentence: string;
}

/** The state of the machine at the crash. */
export interface Health {
  /** Suspects first, then notes; each in the order of the checks. The id of a finding is `health.<check>`. */
  readonly findings: readonly Finding[];
  readonly passed: readonly Passed[];
  readonly unchecked: readonly Unchecked[];
}

/** Time limit of one check, in milliseconds. Findings that the check yielded before the limit are kept. */
const MAX_MS = 10_000;

/** Runs every check of the machine's health. A fault, or the time limit of ten seconds, ends one check only. */
export function* health(
  kernel: Kernel,
  dump: DumpState = {},
  checks: readonly HealthCheck[] = healthChecks,
): Generator<Step, Health, void> {
  const findings: Finding[] = [];
  const passed: Passed[] = [];
  const unchecked: Unchecked[] = [];
  for (const [done, check] of checks.entries()) {
    yield { kind: "progress", what: "health", done, total: checks.length };
    const before = findings.length;
    const end = yield* runCheck(check.run(kernel, dump), findings, MAX_MS);
    if ("because" in end) unchecked.push({ check: check.id, because: end.because });
    else if (findings.length === before) passed.push({ check, sentence: end.result });
  }
  const of = (severity: Finding["severity"]): Finding[] => findings.filter((one) => one.severity === severity);
  return { findings: [...of("suspect"), ...of("note")], passed, unchecked };
}

/** Returns the check that made a finding; undefined for a finding of the crash itself. */
export const healthCheckOf = ({ id }: Finding): HealthCheck | undefined =>
  healthChecks.find((one) => `health.${one.id}` === id);
