/** Checks which mechanism stopped the kernel. */
import { attempt } from "../../base/fault.ts";
import { globalU32 } from "../../linux/vmcoreinfo.ts";
import type { ReportFacts } from "../../log/facts.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import type { Finding, Reference, Sentence } from "../finding.ts";
import { type Mechanism, MECHANISM_WORDS, mechanismOf } from "../mechanisms.ts";

/** Reports what stopped the kernel, and whether the panic is a consequence of the report. */
export const mechanism: Check = {
  id: "mechanism",
  needs: [],
  about: "any",
  *run(kernel, crash) {
    const { report, panic } = crash;
    if (!report && !panic) return;
    if (!crash.stopped) {
      if (report) yield survivedFinding(crash, report);
      return;
    }
    yield mechanismFinding(kernel, crash);
    const consequence = consequenceFinding(crash);
    if (consequence) yield consequence;
  },
};

/** Reports the last failure in the log of a kernel that was running, or that is not known to have stopped. */
function survivedFinding({ kind, stopped }: CrashFacts, report: ReportFacts): Finding {
  const line = { kind: "log", line: report.report.at, text: report.headline } as const;
  return {
    id: "crash.survived",
    severity: "note",
    certainty: "certain",
    slots: { mechanism: mechanismOf(kind, undefined), task: report.pid, comm: report.comm, cpu: report.cpu },
    text: [
      stopped === false
        ? "The kernel was running when its memory was saved. "
        : "Whether the kernel stopped is not known. ",
      "The last failure that its log reports is ",
      line,
      ".",
    ],
    evidence: [line],
  };
}

function mechanismFinding(kernel: Kernel, crash: CrashFacts): Finding {
  const { report, panic, pid, comm } = crash;
  const kind = mechanismOf(crash.kind, panic?.text);
  const cpu = crash.cpu ?? report?.cpu ?? crash.panicCpu;
  const switches = sysctls(kernel, kind);
  const line = panic ?? { text: report?.headline ?? "", line: report?.report.at ?? 0 };
  const isCertain = !report || !panic || panic.line === report.report.at || leadsTo(report, panic, crash.earlier);
  return {
    id: "crash.mechanism",
    severity: "cause",
    certainty: isCertain ? "certain" : "likely",
    slots: { mechanism: kind, task: pid ?? report?.pid, comm: comm ?? report?.comm, cpu },
    text: [
      "What stopped the kernel was ",
      MECHANISM_WORDS[kind],
      ...(kind === "hung-task"
        ? []
        : [...taskWords(crash), ...(cpu === undefined ? [] : [" on ", { kind: "cpu", cpu } as const])]),
      report ? ": " : "; its message is: ",
      { kind: "log", line: report?.report.at ?? line.line, text: report?.headline ?? line.text },
      isCertain ? "." : "; the panic may also have another reason, which the log does not report.",
    ],
    evidence: [
      { kind: "log", line: line.line, text: line.text.trim() },
      ...(report ? [{ kind: "log", line: report.report.at, text: report.headline } as const] : []),
      ...switches,
    ],
  };
}

/** Returns `, while task insmod [169] ran`. */
function taskWords({ task, pid, comm }: CrashFacts): Sentence {
  if (!task || pid === undefined) return [];
  const named: Reference = { kind: "task", address: task.address, pid, comm: comm ?? "?" };
  return [", while task ", named, " ran"];
}

/**
 * Kernel variables of the settings that make a report a panic, for each mechanism. panic() clears panic_on_warn, so that
 * its value in the dump is not evidence.
 */
const SYSCTLS: Readonly<Partial<Record<Mechanism, readonly string[]>>> = {
  oops: ["panic_on_oops"],
  bug: ["panic_on_oops"],
  softlockup: ["softlockup_panic"],
  hardlockup: ["hardlockup_panic"],
  "hung-task": ["sysctl_hung_task_panic"],
  rcu: ["sysctl_panic_on_rcu_stall"],
  oom: ["sysctl_panic_on_oom"],
  nmi: ["unknown_nmi_panic", "panic_on_unrecovered_nmi"],
};

function sysctls(kernel: Kernel, of: Mechanism): Evidence[] {
  return (SYSCTLS[of] ?? []).flatMap((name): Evidence[] => {
    const value = attempt(() => globalU32(kernel, name));
    return typeof value === "number" ? [{ kind: "sysctl", name, value: String(value) }] : [];
  });
}

/** Panic messages that follow only from a report of the same mechanism. */
const WORDS: Readonly<Partial<Record<Mechanism, RegExp>>> = {
  oops: /: Fatal exception/,
  bug: /: Fatal exception|panic_on_warn/,
  warn: /panic_on_warn set/,
  sysrq: /sysrq triggered crash/,
  softlockup: /softlockup: hung tasks/,
  hardlockup: /[Hh]ard LOCKUP/,
  "hung-task": /hung_task: blocked tasks/,
  rcu: /RCU Stall/,
  oom: /[Oo]ut of memory/,
  "stack-overflow": /: Fatal exception|kernel stack overflow/,
  "stack-corrupted": /stack-protector|corrupted stack end/,
  workqueue: /workqueue/,
  sanitizer: /panic_on_warn set|: Fatal exception|kasan\.fault|KASAN|UBSAN/,
  lockdep: /panic_on_warn set/,
  hardware: /[Mm]achine check|hardware error/i,
  nmi: /NMI/,
};

/**
 * Returns whether the report is certainly the cause of the panic: the panic line is part of the report, or its message
 * belongs to the report's mechanism and no earlier report has that mechanism. Otherwise only their order is known.
 */
function leadsTo(report: ReportFacts, panic: { text: string; line: number }, earlier: readonly ReportFacts[]): boolean {
  if (report.report.panicLine === panic.line) return true;
  const mechanismOfReport = mechanismOf(report.kind, undefined);
  const others = earlier.filter(({ kind }) => mechanismOf(kind, undefined) === mechanismOfReport);
  return WORDS[mechanismOfReport]?.test(panic.text) === true && others.length === 0;
}

function consequenceFinding({ report, panic, earlier, secondsAt }: CrashFacts): Finding | undefined {
  if (!report || !panic || panic.line === report.report.at) return undefined;
  const [from, to] = [secondsAt(report.report.at), secondsAt(panic.line)];
  const later = from === undefined || to === undefined ? undefined : to - from;
  const isCertain = leadsTo(report, panic, earlier);
  return {
    id: "crash.consequence",
    severity: "note",
    certainty: isCertain ? "certain" : "likely",
    slots: { cause: report.title, consequence: panic.text },
    text: [
      "The panic (",
      { kind: "log", line: panic.line, text: panic.text },
      ") is a consequence of that",
      later === undefined ? "" : `, ${later.toFixed(3)} s later by the log's clock`,
      isCertain ? "." : ", or of something that the log does not report.",
    ],
    evidence: [
      { kind: "log", line: report.report.at, text: report.headline },
      { kind: "log", line: panic.line, text: panic.text.trim() },
    ],
  };
}
