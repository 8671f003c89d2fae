/** Checks what an RCU grace period waited for. */
import { findTask, taskComm } from "../../linux/sched/task.ts";
import type { ReportFacts } from "../../log/facts.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check } from "../check.ts";
import { cpuContext } from "../cpuContext.ts";
import type { Evidence } from "../evidence.ts";
import type { Reference, Sentence } from "../finding.ts";

/** Reports the CPUs and tasks that delay the grace period, and whether the grace-period thread was starved. */
export const rcuStall: Check = {
  id: "rcu-stall",
  needs: [],
  about: ["rcu-stall"],
  *run(kernel, { report, stopped }) {
    if (!report) return;
    const cpus = stalledCpus(report);
    const blocked = blockedTasks(report);
    // The CPUs of a kernel that did not stop may have run something else since.
    const ran = new Map(stopped ? cpus.map((cpu) => [cpu, cpuContext(kernel, cpu)?.pid]) : []);
    const pids = [...new Set([...ran.values(), ...blocked])].filter((pid) => pid !== undefined);
    const [at, kthread, words] = threadState(report);
    const evidence: [Evidence, ...Evidence[]] = [{ kind: "log", line: report.report.at, text: report.headline }];
    const line = report.numbers[at];
    if (line !== undefined) evidence.push({ kind: "log", line, text: report.texts[at]?.trim() ?? "" });
    const waiters = [
      ...cpus.map((cpu): Sentence => {
        const pid = ran.get(cpu) ?? 0;
        return pid === 0 ? [`CPU ${cpu}`] : [`CPU ${cpu}, which ran `, taskReference(kernel, pid)];
      }),
      ...blocked.map((pid): Sentence => [taskReference(kernel, pid)]),
    ];
    yield {
      id: "rcu.stall",
      severity: "cause",
      certainty: "certain",
      slots: { cpus, pids, kthread },
      text: [...waitedFor(report, waiters), words],
      evidence,
    };
  },
};

/** Returns what the report says about the grace-period thread: the index of the line (or -1), a keyword and a clause. */
function threadState({ texts }: ReportFacts): readonly [at: number, keyword: string, words: string] {
  const starved = texts.findIndex((text) => / kthread starved for /.test(text));
  if (starved >= 0) return [starved, "starved", "; the grace-period thread itself was starved of CPU time."];
  const late = texts.findIndex((text) => text.includes(" kthread timer wakeup didn't happen for"));
  if (late >= 0) return [late, "timer", "; the timer that wakes the grace-period thread did not wake it in time."];
  return [-1, "running", "; the report does not say that the grace-period thread lacked CPU time."];
}

/** Returns a task by its pid, or its pid in words if it is in no task list. */
function taskReference(kernel: Kernel, pid: number): string | Reference {
  const task = findTask(kernel, pid);
  return task ? { kind: "task", address: task.address, pid, comm: taskComm(task) } : `task ${pid}`;
}

/**
 * Returns which CPUs and tasks the grace period waited for. Without any, says whether the report lists all quiescent
 * states as seen.
 */
function waitedFor({ texts }: ReportFacts, waiters: readonly Sentence[]): Sentence {
  if (waiters.length === 0)
    return texts.some((text) => text.includes("All QSes seen"))
      ? ["All quiescent states of the grace period had been seen, but it did not end"]
      : ["The report names no CPU or task for which the grace period waited"];
  return [
    "The grace period waited for a quiescent state",
    ...waiters.flatMap((one, i): Sentence => [i === 0 ? " of " : ", and of ", ...one]),
  ];
}

/**
 * The line of one CPU: `rcu:  1-....: (1227 ticks this GP)`, `1-...0: (3 GPs behind)` for one with interrupts off, and
 * `1: (12 ticks this GP)` of old kernels.
 */
const CPU_LINE = /^(?:rcu: )?\s*(\d{1,5})(?:-[.?!oONdD\d]{1,8})?: \(\d{1,20} (?:ticks this GP|GPs behind)/;

/**
 * The list in the headline: `{ 1-...D P174 }` of expedited stalls, and `{ 1}` of kernels that print no line for each
 * CPU.
 */
const LIST = /\bstalls? on CPU(?:s\/tasks:)? \{([^}]{0,4000})\}/;

/** Returns the CPUs and tasks in the list of the headline: `1-...D`, `P174`. */
const listed = ({ texts }: ReportFacts): string[] =>
  texts.flatMap((text) => (LIST.exec(text)?.[1] ?? "").split(/\s+/).filter((one) => one !== ""));

/** Returns the CPUs that delay the grace period. Source: kernel/rcu/tree_stall.h, tree_exp.h. */
export function stalledCpus(report: ReportFacts): number[] {
  const found = [
    ...listed(report).map((one) => /^(\d{1,5})(?:-|$)/.exec(one)?.[1]),
    ...report.texts.map((text) => CPU_LINE.exec(text)?.[1]),
  ];
  return [...new Set(found.flatMap((digits) => (digits === undefined ? [] : [Number(digits)])))];
}

/** Returns the pids in that list, and those of `rcu: 	Tasks blocked on level-0 rcu_node (CPUs 0-1): P174/1:b..l`. */
function blockedTasks(report: ReportFacts): number[] {
  const lines = report.texts.filter((text) => text.includes("Tasks blocked on level"));
  const words = [...listed(report), ...lines.flatMap((text) => text.split(/\s+/))];
  const pids = words.flatMap((one) => /^P(\d{1,10})\b/.exec(one)?.[1] ?? []).map(Number);
  return [...new Set(pids)];
}
