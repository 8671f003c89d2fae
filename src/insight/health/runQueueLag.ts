/** Checks how long tasks wait for a CPU. */
import { attempt, Fault } from "../../base/fault.ts";
import { newestClock } from "../../linux/sched/sched.ts";
import { runningOn } from "../../linux/sched/cpu.ts";
import { taskComm, taskCpu, taskPid, taskTable } from "../../linux/sched/task.ts";
import { taskState } from "../../linux/sched/taskState.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { SECOND, timeWords } from "./amounts.ts";

/** Minimum time in nanoseconds that a reported task waits. */
const MIN_NS = 10n * SECOND;
/** Maximum number of tasks that are reported. */
const MAX_TASKS = 8;

/** A runnable task that waits for a CPU. */
interface Waiting {
  readonly task: Obj<"struct task_struct">;
  readonly cpu: number;
  /** In nanoseconds. */
  readonly waited: bigint;
}

/** Reports runnable tasks that have waited on a run queue for at least 10 seconds. */
export const runQueueLag: HealthCheck = {
  id: "run-queue-lag",
  title: "tasks that wait for a CPU",
  shows: "runq -T",
  *run(kernel) {
    const late: Waiting[] = [];
    let longest = 0n;
    for (const [i, task] of taskTable(kernel).tasks.entries()) {
      if (i % 256 === 0) yield pause("run queues");
      const waiting = waitingTask(kernel, task);
      if (!waiting) continue;
      if (waiting.waited > longest) longest = waiting.waited;
      if (waiting.waited >= MIN_NS) late.push(waiting);
    }
    late.sort((a, b) => (a.waited > b.waited ? -1 : 1));
    for (const { task, cpu, waited } of late.slice(0, MAX_TASKS)) {
      const [pid, comm] = [taskPid(task), taskComm(task)];
      yield observed(
        "run-queue-lag",
        "suspect",
        { pid, cpu, since_ns: waited, tasks: late.length },
        [
          { kind: "task", address: task.address, pid, comm },
          ` is runnable and has waited ${timeWords(waited)} for `,
          { kind: "cpu", cpu },
          late.length > MAX_TASKS ? `; ${late.length} tasks wait longer than 10 s.` : ".",
        ],
        { kind: "output", command: `runq -T -c ${cpu}`, text: `run queue of CPU ${cpu}` },
        { kind: "task", address: task.address, text: `${comm} [${pid}]` },
      );
    }
    return `No runnable task has waited longer than ${timeWords(longest > SECOND ? longest : SECOND)} for a CPU.`;
  },
};

/** Returns a task that is on a run queue without running, and how long it has waited; undefined for other tasks. */
function waitingTask(kernel: Kernel, task: Obj<"struct task_struct">): Waiting | undefined {
  const found = attempt(() => {
    // A task whose dequeue is delayed is on the queue and sleeps (se.sched_delayed, since v6.12).
    if (task.at("on_rq").value() !== 1n || taskState(task) !== "RU") return undefined;
    if (taskPid(task) === 0 || runningOn(kernel, task) !== undefined) return undefined;
    const queued = task.at("sched_info.last_queued").value();
    return queued === 0n ? undefined : { task, cpu: taskCpu(task), waited: newestClock(kernel) - queued };
  });
  if (found instanceof Fault && found.kind === "unknown") throw found;
  return found instanceof Fault ? undefined : found;
}
