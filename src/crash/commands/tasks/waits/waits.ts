/** The `waits` command: who waits for whom. */
import { indent } from "../../../../render/pad.ts";
import { taskActivity } from "../../../../linux/sched/sleeping.ts";
import { taskTable } from "../../../../linux/sched/task.ts";
import { waitGraph, waitingTask, type WaitGraph, type WaitingTask } from "../../../../insight/waits/waitGraph.ts";
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { type Line, type Pieces, text } from "../../../../say/piece.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { missingTasks, noSuchTask, tasksMatching } from "../../../language/taskSelector.ts";
import { deadlockLines } from "./deadlock.ts";
import { resourceRows, resourcesTable } from "./resources.ts";
import { chainText, waitsTable } from "./rows.ts";

export const waits = command({
  name: "waits",
  readsOnly: true,
  summary: "who waits for whom: locks, their holders, deadlocks",
  usage: "[-a | -l] [pid | taskp | command] ...",
  options: [
    { flag: "-a", help: "every task that sleeps or is stopped, not only those that are blocked" },
    { flag: "-l", help: "one entry per lock, with all its waiters" },
  ],
  description: `Shows what each blocked task waits for, which task holds it, and where the chain of waiting tasks ends. Deadlocks come first, then the task that has waited longest. A task is blocked if it sleeps uninterruptibly, or sleeps in a function of a lock, or if its CPU spins for a lock.

The resource is found through the waiter struct on the task's stack, which must be linked into the list of the lock and point to the task. A holder without a mark is certain because the lock points to it. The last reader of a reader-writer semaphore is only a possible holder, because the semaphore does not record when a reader leaves; so is a task with a function on its stack that takes the semaphore for reading and shows no release. A spinlock does not record its holder: a CPU is likely the holder if a function on its stack takes the lock and shows no release.`,
  examples: [
    { line: "waits", shows: "All blocked tasks." },
    { line: "waits -l", shows: "Each lock with its waiters in order." },
    { line: "waits -a sleep", shows: "What the tasks with this name sleep in." },
  ],
  records: () => [
    { line: "waits", fields: waitsTable.columns },
    { line: "waits -l", fields: resourcesTable.columns },
  ],
  needs: ["types", "tasks"],
  *run(context, args) {
    const graph = yield* waitGraph(context.kernel);
    const chosen = args.words.length > 0 ? chosenTasks(context, graph, args) : undefined;
    if (args.has("-l")) {
      yield* resourceRows(context.kernel, graph, chosen);
      return;
    }
    const shown = chosen ?? (args.has("-a") ? sleepers(context, graph) : graph.blocked);
    for (const cycle of graph.cycles)
      if (!chosen || cycle.tasks.some((one) => chosen.includes(one))) yield text(...(yield* deadlockLines(cycle)));
    yield* waitRows(
      context,
      graph,
      shown,
      chosen ? "none of these tasks is blocked, asleep or stopped" : emptyText(args),
    );
    if (!chosen) yield* missingTasks(context.kernel, "waits: ");
  },
});

const emptyText = (args: Parsed): string => (args.has("-a") ? "no task sleeps or is stopped" : "no task is blocked");

/** Yields the rows of the tasks. @param empty the sentence for no task */
function* waitRows({ kernel }: Context, graph: WaitGraph, shown: readonly WaitingTask[], empty: string): Pieces {
  if (shown.length === 0) return yield text(empty);
  const layout = new TableLayout(kernel, waitsTable);
  const rows = shown.map((waiting) => ({ waiting, graph }));
  layout.fit(rows);
  yield layout.heading();
  for (const row of rows)
    yield layout.row(row, (): readonly Line[] => {
      const chain = chainText(row);
      return chain === undefined ? [] : [[{ as: "dim", text: `${indent(12)}${chain}` }]];
    });
}

/** Returns the tasks that the words name, without those that run. @throws UsageError, Fault for a word without a task */
const chosenTasks = (context: Context, graph: WaitGraph, args: Parsed): readonly WaitingTask[] =>
  args.words.flatMap((word) => {
    const tasks = tasksMatching(context, word);
    if (tasks.length === 0) throw noSuchTask(context, word.text);
    return tasks.flatMap((task) => waiting(graph, task));
  });

const sleepers = ({ kernel }: Context, graph: WaitGraph): readonly WaitingTask[] =>
  taskTable(kernel).tasks.flatMap((task) => waiting(graph, task));

/** Returns a task that is in the graph, sleeps or is stopped; none for another. */
function waiting({ tasks }: WaitGraph, task: Obj<"struct task_struct">): readonly WaitingTask[] {
  const known = tasks.get(task.address);
  if (known) return [known];
  const activity = taskActivity(task);
  return activity === "sleeping" || activity === "stopped" ? [waitingTask(task.kernel, task.address)] : [];
}
