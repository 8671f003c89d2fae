/** Checks what an RCU grace period waited for. */
import { findTask } from "../../linux/sched/task.ts";
import type { ReportFacts } from "../../log/facts.ts";
import type { Check } from "../check.ts";
import { cpuContext } from "../cpuContext.ts";
import type { Evidence } from "../evidence.ts";
import type { Reference } from "../finding.ts";

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
    const ran = stopped ? cpus.flatMap((cpu) => cpuContext(kernel, cpu)?.pid ?? []) : [];
    const pids = [...new Set([...ran, ...blocked])];
    const starved = report.texts.findIndex((text) => /\bkthread (?:timer wakeup didn't happen|starved) for/.test(text));
    const kthread = starved < 0 ? "running" : "starved";
    const named = pids.flatMap((pid): (string | Reference)[] => {
      const task = pid === 0 ? undefined : findTask(kernel, pid);
      return task ? [{ kind: "task", address: task.address, pid, comm: task.at("comm").text() }] : [];
    });
    const evidence: [Evidence, ...Evidence[]] = [{ kind: "log", line: report.report.at, text: report.headline }];
    const line = report.numbers[starved];
    if (line !== undefined) evidence.push({ kind: "log", line, text: report.texts[starved]?.trim() ?? "" });
    yield {
      id: "rcu.stall",
      severity: "cause",
      certainty: "certain",
      slots: { cpus, pids, kthread },
      text: [
        ...waitedFor(report, cpus, named),
        starved < 0
          ? "; the report does not say that the grace-period thread lacked CPU time."
          : "; the grace-period thread itself was starved of CPU time.",
      ],
      evidence,
    };
  },
};

/**
 * Returns which CPUs and tasks the grace period waited for. Without any, says whether the report lists all quiescent
 * states as seen.
 */
function waitedFor(
  { texts }: ReportFacts,
  cpus: readonly number[],
  named: readonly (string | Reference)[],
): readonly (string | Reference)[] {
  if (cpus.length === 0 && named.length === 0)
    return texts.some((text) => text.includes("All QSes seen"))
      ? ["All quiescent states of the grace period had been seen, but it did not end"]
      : ["The report names no CPU or task for which the grace period waited"];
  return [
    "The grace period waited for a quiescent state",
    cpus.length === 0 ? "" : ` of CPU ${cpus.join(", ")}`,
    ...(named.length === 0 ? [] : [cpus.length === 0 ? " of " : ", which ran ", ...separated(named)]),
  ];
}

const separated = (all: readonly (string | Reference)[]): (string | Reference)[] =>
  all.flatMap((one, i) => (i === 0 ? [one] : [", ", one]));

/**
 * Returns the CPUs that delay the grace period; the report has a line for each, like `rcu:        1-....: (1227 ticks
 * this GP)` or `1-...!:`.
 */
export function stalledCpus({ texts }: ReportFacts): number[] {
  const found = new Set<number>();
  for (const text of texts) {
    const digits = /^(?:rcu: )?\s*(\d{1,5})-[.?oO!DdN]{1,8}: \(/.exec(text)?.[1];
    if (digits !== undefined) found.add(Number(digits));
  }
  return [...found];
}

/** Returns the pids of `rcu: 	Tasks blocked on level-0 rcu_node (CPUs 0-1): P174/1:b..l`. */
function blockedTasks({ texts }: ReportFacts): number[] {
  return texts.flatMap((text) =>
    text.includes("Tasks blocked on level") ? [...text.matchAll(/ P(\d{1,10})\b/g)].map(([, pid]) => Number(pid)) : [],
  );
}
