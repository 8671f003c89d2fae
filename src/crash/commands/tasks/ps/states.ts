import { attempt, Fault } from "../../../../base/fault.ts";
import { taskState } from "../../../../linux/sched/taskState.ts";
import type { Obj } from "../../../../model/object.ts";
import { type Piece, record } from "../../../say/piece.ts";

/** How many tasks are in which state, states in the order in which they turn up. */
export function* stateSummary(tasks: Iterable<Obj>): Generator<Piece, void, void> {
  const counts = new Map<string, number>();
  for (const task of tasks) {
    const state = attempt(() => taskState(task));
    const name = state instanceof Fault ? "??" : state;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [state, count] of counts) yield record({ state, count }, `  ${state}: ${count}`);
}
