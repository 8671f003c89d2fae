/** Checks whether each CPU switches tasks. */
import { cpusInUse } from "../../kernel/cpumask.ts";
import { cpuTask } from "../../linux/sched/cpu.ts";
import { runqueue } from "../../linux/sched/runqueue.ts";
import { newestClock, runqueueClock, sinceArrival } from "../../linux/sched/sched.ts";
import { taskComm, taskPid } from "../../linux/sched/task.ts";
import type { Kernel } from "../../model/kernel.ts";
import { pause } from "../check.ts";
import type { Finding } from "../finding.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/** Minimum time in nanoseconds that a reported task runs without a switch. */
const MIN_NS = 10n * SECOND;

/** Reports CPUs that did not schedule for 10 seconds. A CPU that is idle has nothing to schedule. */
export const cpus: HealthCheck = {
  id: "cpus",
  title: "CPUs that do not schedule",
  shows: "runq -m",
  *run(kernel) {
    const online = cpusInUse(kernel);
    for (const [i, cpu] of online.entries()) {
      if (i % 64 === 63) yield pause("CPUs");
      const finding = busyCpu(kernel, cpu);
      if (finding) yield finding;
    }
    return `${countWords(online.length, "CPU")} in use; each is idle or switched tasks in the last 10 s.`;
  },
};

function busyCpu(kernel: Kernel, cpu: number): Finding | undefined {
  const task = cpuTask(kernel, cpu);
  const pid = taskPid(task);
  if (pid === 0) return undefined;
  const ran = sinceArrival(task);
  if (ran < MIN_NS) return undefined;
  const behind = newestClock(kernel) - runqueueClock(kernel, cpu);
  const waiting = Math.max(0, runqueue(kernel, cpu).at("nr_running").number() - 1);
  const isSilent = behind >= MIN_NS;
  const comm = taskComm(task);
  return observed(
    "cpus",
    isSilent || waiting > 0 ? "suspect" : "note",
    { cpu, pid, ran_ns: ran, waiting, behind_ns: behind },
    [
      { kind: "cpu", cpu },
      ` runs `,
      { kind: "task", address: task.address, pid, comm },
      ` for ${timeWords(ran)} without a switch; `,
      waiting > 0 ? `${countWords(waiting, "other task")} can run there.` : "no other task can run there.",
      isSilent ? ` Its scheduler clock was last updated ${timeWords(behind)} ago: it takes no timer interrupts.` : "",
    ],
    { kind: "cpu", cpu, text: `runs ${comm} [${pid}] for ${timeWords(ran)}` },
    { kind: "task", address: task.address, text: `${comm} [${pid}]` },
  );
}
