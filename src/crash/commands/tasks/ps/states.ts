/** The number of tasks in each state: `ps -S`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { taskState } from "../../../../linux/sched/taskState.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { table } from "../../../../render/layout.ts";
import type { Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

/** The table of `ps -S`. Rows are states with the number of tasks in them. */
export const statesTable: Table<readonly [state: string, count: number]> = {
  columns: {
    state: { kind: "text", title: "", gap: "  ", value: ([state]) => state },
    count: { kind: "number", title: "", gap: ": ", value: ([, count]) => count },
  },
};

/** Yields the number of tasks in each state; states are in the order in which the tasks have them. */
export function* stateSummary(kernel: Kernel, tasks: Iterable<Obj>): Pieces {
  const counts = new Map<string, number>();
  for (const task of tasks) {
    const state = attempt(() => taskState(task));
    const name = state instanceof Fault ? "??" : state;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  yield* table(kernel, statesTable, counts, { heading: false });
}
