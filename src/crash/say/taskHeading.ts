/** The heading line and the JSON that introduce a task in all commands. */
import { taskComm, taskCpu, taskPid } from "../../linux/sched/task.ts";
import { taskState } from "../../linux/sched/taskState.ts";
import type { Obj } from "../../model/object.ts";
import { TableLayout } from "../../render/layout.ts";
import type { Json, Line } from "../../say/piece.ts";
import type { Column, Table } from "../../say/table.ts";

type TaskKey = "pid" | "comm" | "task" | "cpu" | "state";

/** The columns that describe a task in the JSON of all commands. */
export const taskColumns: { readonly [K in TaskKey]: Column<Obj> } = {
  pid: { kind: "number", value: taskPid },
  comm: { kind: "text", value: taskComm },
  task: { kind: "task", value: ({ address }) => address },
  cpu: { kind: "number", value: taskCpu },
  state: { kind: "text", about: "as `ps -S` counts them", value: taskState },
};

const { pid, comm, task, cpu } = taskColumns;

/** The columns of a task's heading line. Tables can put other columns before them. */
export const headingColumns: { readonly [K in "pid" | "task" | "cpu" | "comm"]: Column<Obj> } = {
  pid: { ...pid, title: "", gap: "PID: ", width: 7, align: "left" },
  task: { ...task, title: "", gap: "  TASK: " },
  cpu: { ...cpu, title: "", gap: "  CPU: ", width: 3, align: "left" },
  comm: { ...comm, title: "", gap: '  COMMAND: "' },
};

const headings: Table<Obj> = { columns: headingColumns, end: '"' };

/** Returns the heading line of a task: `PID: 169      TASK: ffff8ef68526c180  CPU: 0    COMMAND: "insmod"`. */
export const taskHeading = (one: Obj): Line => new TableLayout(one.kernel, headings).line(one);

/** Returns the JSON that describes a task. */
export const taskFacts = (one: Obj): { readonly [K in TaskKey]: Json } =>
  new TableLayout(one.kernel, { columns: taskColumns }).data(one) as { readonly [K in TaskKey]: Json };
