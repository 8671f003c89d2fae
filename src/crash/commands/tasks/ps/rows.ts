/** The table of `ps`: one line per task. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { onlineCpus } from "../../../../kernel/cpumask.ts";
import { residentPageCount, spannedPages, virtualPageCount } from "../../../../linux/mm/mm.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { runningOn } from "../../../../linux/sched/cpu.ts";
import { sleepingStackPointer } from "../../../../linux/sched/stack.ts";
import { isKernelThread, taskComm, taskCpu, taskParent, taskPid } from "../../../../linux/sched/task.ts";
import { taskState } from "../../../../linux/sched/taskState.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { table } from "../../../../render/layout.ts";
import type { Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

export interface RowOptions {
  /** Whether the column KSTACKP replaces TASK. */
  readonly stackPointer: boolean;
  readonly heading: boolean;
  /** Whether the user's variable `offline` is `hide`: tasks that offline CPUs were running are then marked `-`. */
  readonly hideOffline: boolean;
}

export const taskRows = (kernel: Kernel, tasks: Iterable<Obj>, options: RowOptions): Pieces =>
  table(kernel, options.stackPointer ? stackPointerTable(options.hideOffline) : taskTable(options.hideOffline), tasks, {
    heading: options.heading,
  });

/** Returns the table of `ps`. Rows are `struct task_struct`s. */
export const taskTable = (hideOffline = false): Table<Obj, PageKeys["ps"]> => ({
  mark: { width: 1, of: (task) => mark(task, hideOffline) },
  columns: {
    pid: { kind: "number", title: "PID", width: 8, gap: "", value: taskPid },
    ppid: { kind: "number", title: "PPID", width: 8, gap: "", value: (task) => taskPid(taskParent(task)) },
    cpu: { kind: "number", title: "CPU", width: 4, titleWidth: 5, gap: "", value: taskCpu },
    task: { kind: "task", title: "TASK", gap: "  ", titleGap: " ", value: ({ address }) => address },
    state: { kind: "text", title: "ST", gap: "  ", about: "the same states as in `ps -S`", value: taskState },
    memPercent: {
      kind: "number",
      title: "%MEM",
      unit: "percent",
      about: "share of all page frames",
      width: 6,
      gap: "",
      value: (task) => (residentPageCount(task) * 100) / spannedPages(task.kernel),
      text: (share) => share.toFixed(1),
    },
    vsz: {
      kind: "number",
      title: "VSZ",
      unit: "bytes",
      about: "mapped",
      width: 9,
      gap: "",
      value: (task) => virtualPageCount(task) * pageSize(task.kernel),
      text: (bytes) => String(bytes / 1024),
    },
    rss: {
      kind: "number",
      title: "RSS",
      unit: "bytes",
      about: "resident",
      width: 9,
      gap: "",
      value: (task) => residentPageCount(task) * pageSize(task.kernel),
      text: (bytes) => String(bytes / 1024),
    },
    comm: {
      kind: "text",
      title: "COMM",
      gap: "  ",
      value: taskComm,
      text: (name, task) => (attempt(() => isKernelThread(task)) === true ? `[${name}]` : name),
    },
    running: {
      kind: "flag",
      about: "a CPU was running it",
      value: (task) => runningOn(task.kernel, task) !== undefined,
    },
  },
});

/** Returns the table of `ps -s`: the saved stack pointer is in the column of the task's address. */
export const stackPointerTable = (hideOffline = false): Table<Obj> => {
  const { mark, columns } = taskTable(hideOffline);
  const { pid, ppid, cpu, task, ...rest } = columns;
  return {
    ...(mark && { mark }),
    columns: {
      pid,
      ppid,
      cpu,
      task: { kind: "task", value: task.value as (row: Obj) => bigint },
      stackPointer: {
        kind: "address",
        title: "KSTACKP",
        align: "middle",
        about: "absent for a task that was running, because its saved value is out of date",
        gap: "  ",
        titleGap: " ",
        value: (one) => (runningOn(one.kernel, one) === undefined ? savedPointer(one) : undefined),
        absent: (one) => (runningOn(one.kernel, one) === undefined ? "(?)" : "--"),
      },
      ...rest,
    },
  };
};

/** Returns the saved stack pointer of a sleeping task; undefined if it cannot be read. */
function savedPointer(task: Obj): bigint | undefined {
  const pointer = attempt(() => sleepingStackPointer(task));
  return pointer instanceof Fault ? undefined : pointer;
}

function mark(task: Obj, hideOffline: boolean): string {
  const cpu = runningOn(task.kernel, task);
  if (cpu === undefined) return " ";
  const online = attempt(() => onlineCpus(task.kernel).includes(cpu));
  return hideOffline && online === false ? "-" : ">";
}
