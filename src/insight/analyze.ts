/** Runs the checks on a crash and collects their findings into a verdict. */
import { attempt, Fault } from "../base/fault.ts";
import { panicMessage } from "../linux/printk/panic.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Check, Need, Step } from "./check.ts";
import { checks as allChecks } from "./checks.ts";
import { combined } from "./combine.ts";
import { crashFacts, type CrashFacts } from "./crashFacts.ts";
import type { Finding } from "./finding.ts";
import { withoutWrapper } from "../log/machinery.ts";
import { crashKey, guiltyFrame } from "./guiltyFrame.ts";
import { mechanismOf } from "./mechanisms.ts";
import { type CheckEnd, runCheck } from "./runCheck.ts";

/** A check that did not finish, and why. */
export interface Unchecked {
  readonly check: string;
  readonly because: string;
}

/** What happened, as far as the dump shows it. */
export interface Verdict {
  /** The report's title in the form that syzkaller uses. */
  readonly title: string;
  /** A key that is equal for the same bug on other machines and builds. */
  readonly key: string;
  /** The kind of the report, in the terms of `log/`; "none" if the machine was running. */
  readonly kind: string;
  readonly mechanism: string;
  readonly findings: readonly Finding[];
  readonly unchecked: readonly Unchecked[];
}

/** Time limit of one check, in milliseconds. Findings that the check yielded before the limit are kept. */
const MAX_MS = 2000;

/**
 * Returns the headline of a verdict, which needs no check.
 * @throws Fault if the log cannot be read
 */
export function headlineOf(kernel: Kernel): Omit<Verdict, "findings" | "unchecked"> {
  const crash = crashFacts(kernel);
  const { kind, panic, stopped } = crash;
  return {
    title: titleOf(crash) ?? panic?.text ?? untitled(stopped),
    key: crashKey(crash),
    kind: kind ?? (stopped ? "panic" : "none"),
    mechanism: stopped ? mechanismOf(kind, panic?.text) : "none",
  };
}

/** Returns the title of a dump whose log reports no failure. */
function untitled(stopped: boolean | undefined): string {
  if (stopped === undefined) return "it is not known whether the kernel panicked";
  return stopped ? "kernel panic: the log does not have the reason" : "no crash: the machine was running";
}

/** Returns the report's title. If the report names no function, adds the guilty function of the stack. */
function titleOf(crash: CrashFacts): string | undefined {
  const { report } = crash;
  if (!report || report.where || !/ in \{where\}$/.test(report.report.headline.row.title)) return report?.title;
  const guilty = guiltyFrame(crash);
  return guilty ? `${report.title} in ${withoutWrapper(guilty.function)}` : report.title;
}

/**
 * Runs every check that applies to the crash. Each check has a limit of two seconds. A fault ends that check only.
 * @param budget limit for all checks together, in milliseconds; findings yielded before the limit are kept
 */
export function* analyze(
  kernel: Kernel,
  checks: readonly Check[] = allChecks,
  budget = Infinity,
): Generator<Step, Verdict, void> {
  const deadline = performance.now() + budget;
  const crash = crashFacts(kernel);
  const headline = headlineOf(kernel);
  const findings: Finding[] = [];
  const unchecked: Unchecked[] = [];
  const lost = crash.report ? undefined : attempt(() => panicMessage(kernel));
  if (lost instanceof Fault) unchecked.push({ check: "log", because: lost.message });
  for (const [done, check] of checks.entries()) {
    yield { kind: "progress", what: "checks", done, total: checks.length };
    if (check.about !== "any" && (crash.kind === undefined || !check.about.includes(crash.kind))) continue;
    const lacking = check.needs.map((need) => lackOf(need, kernel, crash)).find((one) => one !== undefined);
    const left = Math.min(MAX_MS, deadline - performance.now());
    const end: CheckEnd<void> =
      lacking === undefined ? yield* runCheck(check.run(kernel, crash), findings, left) : { because: lacking };
    if ("because" in end) unchecked.push({ check: check.id, because: end.because });
  }
  return { ...headline, findings: combined(findings), unchecked };
}

function lackOf(need: Need, kernel: Kernel, { stack, trap, fault }: CrashFacts): string | undefined {
  switch (need) {
    case "types":
      return kernel.types.sources.length > 0 ? undefined : "the dump has no types (BTF) and no vmlinux is loaded";
    case "stack":
      return stack && stack.frames.length > 0 ? undefined : (fault?.message ?? "no task is known to have crashed");
    case "trap":
      return trap ? undefined : "no exception frame was found on the stack";
  }
}
