/** Run queues by CPU: the default output of `runq`. */
import { cpuTask } from "../../../../linux/sched/cpu.ts";
import { cfsTasks, deadlineTasks, extTasks, type Queued, rtQueue, runqueue } from "../../../../linux/sched/runqueue.ts";
import { taskComm, taskPid } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressSpan } from "../../../say/addressCell.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { indent } from "../../../../render/pad.ts";
import { type Piece, type Pieces, text } from "../../../../say/piece.ts";
import { type Column, columnOf, type Table } from "../../../../say/table.ts";

/** The columns of a task: `PID: 227    TASK: ffff8d1f04ca0000  COMMAND: "cpu-hog"`. Rows are `struct task_struct`s. */
const columns: { readonly [K in "pid" | "task" | "comm"]: Column<Obj> } = {
  pid: { kind: "number", title: "", gap: "PID: ", width: 5, align: "left", value: taskPid },
  task: { kind: "task", title: "", gap: "  TASK: ", value: ({ address }) => address },
  comm: { kind: "text", title: "", gap: '  COMMAND: "', value: taskComm },
};

/** Returns the columns of a task for the rows of another table. @param line number of the row's line that they are in */
export function queuedTaskColumns<Row extends { readonly task: Obj }>(pidGap = "PID: ", line = 0) {
  const ofTask = (column: Column<Obj>, gap = column.gap): Column<Row> => ({
    ...columnOf<Row, Obj>(column, ({ task }) => task),
    ...(gap !== undefined && { gap }),
    line,
  });
  return { pid: ofTask(columns.pid, pidGap), task: ofTask(columns.task), comm: ofTask(columns.comm) };
}

/** A task in a run queue of a CPU. */
export interface QueuedTask {
  readonly cpu: number;
  /** "current", "RT", "CFS", "DL" or "EXT"; "any" when the queue was not looked up. */
  readonly queue: string;
  readonly task: Obj;
  /** The index of its RT queue. Default: the priority of the task itself. */
  readonly priority?: number | undefined;
  /** Number of blanks before the line. */
  readonly indent?: number;
  /** Whether the CPU runs the task, which is then marked. */
  readonly isCurrent?: boolean;
}

const priorityOf = ({ task, priority }: QueuedTask): number => priority ?? task.at("prio").number();
const cpuAndQueue: { readonly [K in "cpu" | "queue"]: Column<QueuedTask> } = {
  cpu: { kind: "number", value: ({ cpu }) => cpu },
  queue: { kind: "text", about: "current, RT, CFS, DL, EXT, or any", value: ({ queue }) => queue },
};

/** The table of queued tasks: `[120] PID: ...`, each with its priority first. */
export const queueTable: Table<QueuedTask, PageKeys["runq"]> = {
  mark: { width: 0, of: ({ indent: blanks = 5 }) => indent(blanks) },
  columns: {
    ...cpuAndQueue,
    priority: { kind: "number", title: "", gap: "[", width: 3, value: priorityOf },
    ...queuedTaskColumns<QueuedTask>("] PID: "),
    current: {
      kind: "flag",
      title: "",
      gap: '"',
      about: "the CPU was running it",
      value: ({ isCurrent = false }) => isCurrent,
      text: (is) => (is ? " [CURRENT]" : ""),
    },
  },
};

/** The table of the task that a CPU runs. */
export const currentTable: Table<QueuedTask, PageKeys["runq"]> = {
  mark: { width: 0, of: () => "  CURRENT: " },
  end: '"',
  columns: {
    ...cpuAndQueue,
    priority: { kind: "number", value: priorityOf },
    ...queuedTaskColumns<QueuedTask>(),
    current: { kind: "flag", value: () => true },
  },
};

/** Yields the queues of one CPU: the running task, and the tasks that wait in each scheduling class. */
export function* cpuQueues(kernel: Kernel, cpu: number): Pieces {
  const rq = runqueue(kernel, cpu);
  yield text([{ as: "title", text: `CPU ${cpu} RUNQUEUE: ` }, addressSpan(kernel, rq.address)]);
  const current = cpuTask(kernel, cpu);
  yield new TableLayout(kernel, currentTable).row({ cpu, queue: "current", task: current });
  yield text(["  RT PRIO_ARRAY: ", addressSpan(kernel, rq.at("rt.active").address)]);
  yield* orNone(rtTasks(rq.at("rt"), cpu, 0));
  yield text(["  CFS RB_ROOT: ", addressSpan(kernel, rq.at("cfs.tasks_timeline").address)]);
  yield* orNone(plain(cfsTasks(rq.at("cfs")), cpu, "CFS"));
  // crash does not print these two queues, so they are printed only when they are not empty.
  yield* withTitle(rq, "dl.root", "  DL RB_ROOT: ", plain(deadlineTasks(rq), cpu, "DL"));
  yield* withTitle(rq, "scx.runnable_list", "  EXT RUNNABLE_LIST: ", plain(extTasks(rq), cpu, "EXT"));
}

function* plain(tasks: Iterable<Obj>, cpu: number, queue: string): Pieces {
  for (const task of tasks) yield queuedTask({ cpu, queue, task });
}

export const queuedTask = (row: QueuedTask): Piece => new TableLayout(row.task.kernel, queueTable).row(row);

/** Returns the number of blanks before a task in the queue of a group at this depth. */
const rtIndent = (depth: number): number => 5 + 6 * depth;

function* rtTasks(rt: Obj, cpu: number, depth: number): Pieces {
  for (const one of rtQueue(rt) as Generator<Queued & { readonly priority: number }>) {
    const { priority } = one;
    if ("task" in one) yield queuedTask({ cpu, queue: "RT", task: one.task, priority, indent: rtIndent(depth) });
    else {
      const line = new TableLayout(rt.kernel, rtGroupTable).line({ group: one.group, priority, depth });
      yield text(line);
      yield* orNone(rtTasks(one.group, cpu, depth + 1), rtIndent(depth + 1));
    }
  }
}

/** The heading of a group among real-time tasks. */
const rtGroupTable: Table<{ readonly group: Obj; readonly priority: number; readonly depth: number }> = {
  mark: { width: 0, of: ({ depth }) => indent(rtIndent(depth)) },
  columns: {
    priority: { kind: "number", title: "", gap: "[", width: 3, value: ({ priority }) => priority },
    array: {
      kind: "address",
      title: "",
      gap: "] GROUP RT PRIO_ARRAY: ",
      value: ({ group }) => group.at("active").address,
    },
  },
};

/** Yields the pieces, or a line that says that no task is queued. */
export function* orNone(pieces: Pieces, blanks = 5): Pieces {
  let isEmpty = true;
  for (const piece of pieces) {
    isEmpty = false;
    yield piece;
  }
  if (isEmpty) yield text(`${indent(blanks)}[no tasks queued]`);
}

function* withTitle(rq: Obj, member: string, title: string, pieces: Pieces): Pieces {
  let isFirst = true;
  for (const piece of pieces) {
    if (isFirst) yield text([title, addressSpan(rq.kernel, rq.at(member).address)]);
    isFirst = false;
    yield piece;
  }
}
