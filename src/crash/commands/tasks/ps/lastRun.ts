/** When tasks last ran: `ps -l` and `ps -m`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { lastArrival, runqueueClock } from "../../../../linux/sched/sched.ts";
import { taskCpu } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { type Pieces, text } from "../../../../say/piece.ts";
import { agoText } from "../../../../render/quantity.ts";
import { type Column, columnOf, type Table } from "../../../../say/table.ts";
import { headingColumns, taskColumns } from "../../../say/taskHeading.ts";

export interface LastRunOptions {
  /** Whether to show the time since the last run instead of the clock's value at it. */
  readonly ago: boolean;
  /** The CPUs to list one by one; undefined: all tasks in one list. */
  readonly cpus: readonly number[] | undefined;
}

interface LastRun {
  readonly task: Obj;
  /** Nanoseconds of the CPU's scheduler clock. */
  readonly at: bigint | Fault;
}

/**
 * Returns the table of `ps -l` and `ps -m`. @param ago shows the time since the last run instead of the clock's value
 * at it
 */
export const lastRunTable = (ago: boolean): Table<LastRun, PageKeys["ps -l"]> => {
  const { pid, task, cpu, comm } = headingColumns;
  const shownAs = (isShown: boolean) => (isShown ? ({ title: "", gap: "[", width: "rows" } as const) : {});
  return {
    end: '"',
    columns: {
      lastRun_ns: {
        kind: "nanoseconds",
        ...shownAs(!ago),
        about: "when the task last got a CPU, by the scheduler clock of its CPU",
        value: ({ at }) => at,
      },
      ago_ns: {
        kind: "nanoseconds",
        ...shownAs(ago),
        about: "time since the task last got a CPU, by the scheduler clock of its CPU",
        value: elapsedSince,
        text: agoText,
      },
      state: { ...ofTask(taskColumns.state), title: "", gap: "] [" },
      pid: { ...ofTask(pid), gap: "]  PID: " },
      task: ofTask(task),
      cpu: ofTask(cpu),
      comm: ofTask(comm),
    },
  };
};

const ofTask = (column: Column<Obj>): Column<LastRun> => columnOf(column, ({ task }) => task);

/**
 * Returns the nanoseconds since a task last got a CPU, by that CPU's scheduler clock; at least 0. @throws Fault when
 * either time cannot be read
 */
function elapsedSince({ task, at }: LastRun): bigint {
  if (at instanceof Fault) throw at;
  const nanoseconds = runqueueClock(task.kernel, taskCpu(task)) - at;
  return nanoseconds < 0n ? 0n : nanoseconds;
}

/** Yields when each task last got a CPU, the latest first; tasks for which that is unknown come last. */
export function* tasksLastRun(kernel: Kernel, tasks: Iterable<Obj>, { ago, cpus }: LastRunOptions): Pieces {
  const runs = [...tasks].map((task): LastRun => ({ task, at: attempt(() => lastArrival(task)) }));
  runs.sort((a, b) => compare(order(b), order(a)));
  const layout = new TableLayout(kernel, lastRunTable(ago));
  layout.fit(runs);
  if (!cpus) {
    for (const run of runs) yield layout.row(run);
    return;
  }
  for (const [i, cpu] of cpus.entries()) {
    yield text(...(i > 0 ? [""] : []), `CPU: ${cpu}`);
    for (const run of runs) if (attempt(() => taskCpu(run.task)) === cpu) yield layout.row(run);
  }
}

const order = ({ at }: LastRun): bigint => (at instanceof Fault ? -1n : at);
const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
