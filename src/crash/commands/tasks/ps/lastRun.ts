import { attempt, Fault } from "../../../../base/fault.ts";
import { lastArrival, runqueueClock } from "../../../../linux/sched/sched.ts";
import { taskCpu } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { PanelKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { type Pieces, text } from "../../../../say/piece.ts";
import { agoText } from "../../../../render/quantity.ts";
import { type Column, columnOf, type Table } from "../../../../say/table.ts";
import { headingColumns, taskColumns } from "../../../say/taskHeading.ts";

export interface LastRunOptions {
  /** How long ago, rather than the clock's value. */
  readonly ago: boolean;
  /** CPU by CPU; all together when undefined. */
  readonly cpus: readonly number[] | undefined;
}

interface LastRun {
  readonly task: Obj;
  /** Nanoseconds of the CPU's scheduler clock. */
  readonly at: bigint | Fault;
}

/** @param ago shows how long ago it was, rather than the clock's value */
export const lastRunTable = (ago: boolean): Table<LastRun, PanelKeys["ps -l"]> => {
  const { pid, task, cpu, comm } = headingColumns;
  const shownAs = (isShown: boolean) => (isShown ? ({ title: "", gap: "[", width: "rows" } as const) : {});
  return {
    end: '"',
    columns: {
      lastRun_ns: {
        kind: "nanoseconds",
        ...shownAs(!ago),
        about: "of the scheduler's clock of its CPU",
        value: ({ at }) => at,
      },
      ago_ns: {
        kind: "nanoseconds",
        ...shownAs(ago),
        about: "since then, by the same clock",
        value: since,
        text: agoText,
      },
      state: { ...of(taskColumns.state), title: "", gap: "] [" },
      pid: { ...of(pid), gap: "]  PID: " },
      task: of(task),
      cpu: of(cpu),
      comm: of(comm),
    },
  };
};

const of = (column: Column<Obj>): Column<LastRun> => columnOf(column, ({ task }) => task);

/** @throws Fault */
function since({ task, at }: LastRun): bigint {
  if (at instanceof Fault) throw at;
  const nanoseconds = runqueueClock(task.kernel, taskCpu(task)) - at;
  return nanoseconds < 0n ? 0n : nanoseconds;
}

/** When each task last got a CPU, the latest first; tasks for which that is not known come last. */
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
