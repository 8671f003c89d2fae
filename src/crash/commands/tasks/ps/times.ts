import { startTime } from "../../../../linux/sched/sched.ts";
import { uptime } from "../../../../linux/time/timekeeping.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { cell } from "../../../say/cell.ts";
import { type Line, type Piece, record } from "../../../say/piece.ts";
import { durationText } from "../../../say/quantity.ts";
import { taskFacts, taskHeading } from "../../../say/taskHeading.ts";

/** Run time, start time and CPU time of each task; all but the first in nanoseconds. */
export function* tasksTimes(kernel: Kernel, tasks: Iterable<Obj>): Generator<Piece, void, void> {
  for (const task of tasks) {
    // Whole seconds both, as crash subtracts them.
    const run = cell(() => Math.floor(uptime(kernel)) - Math.floor(Number(startTime(task)) / 1e9), durationText);
    const start = cell(() => startTime(task).toString());
    const user = cell(() => task.at("utime").value().toString());
    const system = cell(() => task.at("stime").value().toString());
    const data = {
      ...taskFacts(task),
      runSeconds: run.json,
      startNanoseconds: start.json,
      utimeNanoseconds: user.json,
      stimeNanoseconds: system.json,
    };
    const lines: Line[] = [
      taskHeading(task),
      ["    RUN TIME: ", run.span],
      ["  START TIME: ", start.span],
      ["       UTIME: ", user.span],
      ["       STIME: ", system.span],
      [],
    ];
    yield record(data, ...lines);
  }
}
