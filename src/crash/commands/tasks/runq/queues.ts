import { cpuTask } from "../../../../linux/sched/cpu.ts";
import { cfsTasks, deadlineTasks, extTasks, type Queued, rtQueue, runqueue } from "../../../../linux/sched/runqueue.ts";
import { taskComm, taskPid } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressSpan } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { left, right } from "../../../../render/pad.ts";
import { type Json, type Line, type Pieces, record, text, addressJson } from "../../../../say/piece.ts";

/** `PID: 227    TASK: ffff8d1f04ca0000  COMMAND: "cpu-hog"` */
export const taskSpans = (task: Obj): Line => [
  "PID: ",
  ...left(cell(() => taskPid(task)).span, 5),
  "  TASK: ",
  { ...taskAddress(task), as: "task" },
  '  COMMAND: "',
  cell(() => taskComm(task)).span,
  '"',
];

const taskAddress = ({ address, kernel }: Obj): { readonly text: string; readonly address: bigint } => ({
  text: address.toString(16).padStart(kernel.arch.wordSize * 2, "0"),
  address,
});

export const taskData = (task: Obj): { readonly [name: string]: Json } => ({
  pid: cell(() => taskPid(task)).json,
  task: addressJson(task.address),
  comm: cell(() => taskComm(task)).json,
});

/** `[120] PID: ...`: a task with its priority in front. */
export function queuedTask(task: Obj, queue: string, priority = (): number => task.at("prio").number()) {
  const shown = cell(priority);
  return {
    data: { ...taskData(task), queue, priority: shown.json },
    line: ["[", ...right(shown.span, 3), "] ", ...taskSpans(task)] satisfies Line,
  };
}

/** The queues of one CPU: what runs, and what waits in each class. */
export function* cpuQueues(kernel: Kernel, cpu: number): Pieces {
  const rq = runqueue(kernel, cpu);
  yield text([{ as: "title", text: `CPU ${cpu} RUNQUEUE: ` }, addressSpan(kernel, rq.address)]);
  const current = cpuTask(kernel, cpu);
  yield record({ cpu, queue: "current", ...taskData(current) }, ["  CURRENT: ", ...taskSpans(current)]);
  yield text(["  RT PRIO_ARRAY: ", addressSpan(kernel, rq.at("rt.active").address)]);
  yield* orNone(rtTasks(rq.at("rt"), cpu, 0));
  yield text(["  CFS RB_ROOT: ", addressSpan(kernel, rq.at("cfs.tasks_timeline").address)]);
  yield* orNone(plain(cfsTasks(rq.at("cfs")), cpu, "CFS"));
  // crash has no lines for these two: they are there only when somebody waits.
  yield* withTitle(rq, "dl.root", "  DL RB_ROOT: ", plain(deadlineTasks(rq), cpu, "DL"));
  yield* withTitle(rq, "scx.runnable_list", "  EXT RUNNABLE_LIST: ", plain(extTasks(rq), cpu, "EXT"));
}

function* plain(tasks: Iterable<Obj>, cpu: number, queue: string): Pieces {
  for (const task of tasks) {
    const { data, line } = queuedTask(task, queue);
    yield record({ cpu, ...data }, ["     ", ...line]);
  }
}

function* rtTasks(rt: Obj, cpu: number, depth: number): Pieces {
  const indent = " ".repeat(5 + 6 * depth);
  for (const one of rtQueue(rt) as Generator<Queued & { readonly priority: number }>) {
    const priority = (): number => one.priority;
    if ("task" in one) {
      const { data, line } = queuedTask(one.task, "RT", priority);
      yield record({ cpu, ...data }, [indent, ...line]);
    } else {
      const array = addressSpan(rt.kernel, one.group.at("active").address);
      yield text([`${indent}[${String(one.priority).padStart(3)}] GROUP RT PRIO_ARRAY: `, array]);
      yield* orNone(rtTasks(one.group, cpu, depth + 1), " ".repeat(5 + 6 * (depth + 1)));
    }
  }
}

/** Says so when there is nothing. */
export function* orNone(pieces: Pieces, indent = "     "): Pieces {
  let isEmpty = true;
  for (const piece of pieces) {
    isEmpty = false;
    yield piece;
  }
  if (isEmpty) yield text(`${indent}[no tasks queued]`);
}

function* withTitle(rq: Obj, member: string, title: string, pieces: Pieces): Pieces {
  let isFirst = true;
  for (const piece of pieces) {
    if (isFirst) yield text([title, addressSpan(rq.kernel, rq.at(member).address)]);
    isFirst = false;
    yield piece;
  }
}
