import { UsageError } from "../../../../base/usageError.ts";
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
  summary: "what runs and what waits on each CPU",
  usage: "[-t] [-T] [-m] [-g] [-d] [-c cpu(s)]",
  options: [
    { flag: "-t", help: "the scheduler clock of each CPU, and when its task got it; nanoseconds" },
    { flag: "-T", help: "how far each CPU's clock is behind the latest" },
    { flag: "-m", help: "for how long each CPU has been running its task: days, hours:minutes:seconds.milliseconds" },
    { flag: "-g", help: "by task group, throttled groups too" },
    { flag: "-d", help: "every task that counts as runnable (task_struct.on_rq), whether a queue holds it or not" },
    { flag: "-c", argument: "cpu(s)", help: "only these CPUs: 3, or 1,8,9-14" },
  ],
  description: `Shows the run queue of each CPU: what runs, and which real-time and fair tasks wait, with their priority (task_struct.prio, real-time tasks by the index of their queue).

Tasks with a deadline and tasks of a BPF scheduler follow where there are any.`,
  examples: [
    { line: "runq", shows: "Every CPU." },
    { line: "runq -c 0", shows: "One CPU." },
    { line: "runq -m", shows: "Who holds a CPU for how long." },
    { line: "runq -T", shows: "Which CPU stopped first." },
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
    if (args.rest.length > 0) throw new UsageError(`invalid argument: ${args.rest[0]}`);
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
