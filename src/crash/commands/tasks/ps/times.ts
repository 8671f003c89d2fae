/** Run times of tasks: `ps -t`. */
import { startTime } from "../../../../linux/sched/sched.ts";
import { uptime } from "../../../../linux/time/timekeeping.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { form } from "../../../../render/layout.ts";
import type { Piece } from "../../../../say/piece.ts";
import { durationText } from "../../../../render/quantity.ts";
import type { Form } from "../../../../say/table.ts";
import { taskColumns, taskHeading } from "../../../say/taskHeading.ts";

/** The form of `ps -t`. Rows are `struct task_struct`s. */
export const timesForm: Form<Obj> = {
  width: 12,
  columns: {
    ...taskColumns,
    runTime_ns: {
      kind: "nanoseconds",
      title: "RUN TIME",
      about: "time since the task started, in whole seconds as in crash",
      value: (task) => BigInt(runSeconds(task)) * 1_000_000_000n,
      text: (nanoseconds) => durationText(Number(nanoseconds / 1_000_000_000n)),
    },
    startTime_ns: { kind: "nanoseconds", title: "START TIME", about: "since boot", value: startTime },
    utime_ns: { kind: "nanoseconds", title: "UTIME", value: (task) => task.at("utime").value() },
    stime_ns: { kind: "nanoseconds", title: "STIME", value: (task) => task.at("stime").value() },
  },
};

const runSeconds = (task: Obj): number => Math.floor(uptime(task.kernel)) - Math.floor(Number(startTime(task)) / 1e9);

/** Yields run time, start time and CPU time of each task. */
export function* tasksTimes(kernel: Kernel, tasks: Iterable<Obj>): Generator<Piece, void, void> {
  for (const task of tasks)
    yield form(kernel, timesForm, task, { before: () => [taskHeading(task)], after: () => [[]] });
}
