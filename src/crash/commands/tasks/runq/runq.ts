/** The `runq` command: the run queue of each CPU. */
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { tasksOnRunqueue } from "../../../../linux/sched/runqueue.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { command } from "../../../language/command.ts";
import { guarded } from "../../../../say/guarded.ts";
import { parseCpus } from "../../../language/number.ts";
import { type Pieces, text } from "../../../../say/piece.ts";
import { cpuGroups } from "./groups.ts";
import { cpuQueues, orNone, queuedTask, queueTable } from "./queues.ts";
import { clockLags, clocksTable, currentTimes, lagsTable, runqueueClocks, timesTable } from "./times.ts";

export const runq = command({
  name: "runq",
  readsOnly: true,
  summary: "running and waiting tasks of each CPU",
  usage: "[-t] [-T] [-m] [-g] [-d] [-c cpu(s)]",
  takesOnlyOptions: true,
  options: [
    { flag: "-t", help: "the scheduler clock of each CPU, and when its task got the CPU, in nanoseconds" },
    { flag: "-T", help: "how far each CPU's clock is behind the latest of all CPUs" },
    { flag: "-m", help: "for how long each CPU has been running its task: days, hours:minutes:seconds.milliseconds" },
    { flag: "-g", help: "by task group, including throttled groups" },
    { flag: "-d", help: "every runnable task (task_struct.on_rq), queued or not" },
    { flag: "-c", argument: "cpu(s)", help: "only these CPUs: 3, or 1,8,9-14" },
  ],
  description: `Shows the run queue of each CPU: the running task, and the real-time (RT) and fair (CFS) tasks that wait, with their priority: task_struct.prio, or the index of its queue for a real-time task.

Deadline tasks and tasks of a BPF scheduler follow if there are any.`,
  examples: [
    { line: "runq", shows: "Every CPU." },
    { line: "runq -c 0", shows: "One CPU." },
    { line: "runq -m", shows: "How long each task has had its CPU." },
    { line: "runq -T", shows: "The CPU whose clock is furthest behind." },
    { line: "runq -g", shows: "Tasks by cgroup." },
  ],
  records: () => [
    { line: "runq", fields: queueTable.columns },
    { line: "runq -t", fields: clocksTable([]).columns },
    { line: "runq -m", fields: timesTable([]).columns },
    { line: "runq -T", fields: lagsTable([]).columns },
  ],
  needs: ["types"],
  *run({ kernel }, args) {
    const cpus = parseCpus(args.value("-c") ?? "", possibleCpus(kernel));
    if (args.has("-t")) return yield* runqueueClocks(kernel, cpus);
    if (args.has("-T")) return yield* clockLags(kernel, cpus);
    if (args.has("-m")) return yield* currentTimes(kernel, cpus);
    const one = args.has("-g") ? cpuGroups : args.has("-d") ? runnable : cpuQueues;
    for (const [i, cpu] of cpus.entries()) {
      if (i > 0) yield text("");
      yield* guarded(one(kernel, cpu));
    }
  },
});

function* runnable(kernel: Kernel, cpu: number): Pieces {
  yield text([{ as: "title", text: `CPU ${cpu}` }]);
  yield* orNone(onRunqueue(kernel, cpu));
}

function* onRunqueue(kernel: Kernel, cpu: number): Pieces {
  for (const task of tasksOnRunqueue(kernel, cpu)) yield queuedTask({ cpu, queue: "any", task });
}
