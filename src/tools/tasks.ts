/** The tool `tasks`: the tasks of the machine, by name and state. */
import { z } from "zod";
import { attempt } from "../base/fault.ts";
import { taskRows } from "../crash/commands/tasks/ps/rows.ts";
import { missingTasks } from "../crash/language/taskSelector.ts";
import { runningOn } from "../linux/sched/cpu.ts";
import { taskComm, taskCpu, taskTable } from "../linux/sched/task.ts";
import { taskState } from "../linux/sched/taskState.ts";
import type { Obj } from "../model/object.ts";
import { conclusion, tool } from "./tool.ts";

export const tasks = tool({
  name: "tasks",
  title: "Tasks",
  description:
    "The tasks (threads) of the machine: pid, parent, CPU, state, memory, name. Filter by name and state; UN is blocked (uninterruptible), RU runs or is runnable, IN sleeps, ID is an idle kernel thread, ZO has exited.",
  input: z.strictObject({
    name: z.string().max(64).optional().describe("part of the task's name"),
    state: z.string().max(4).optional().describe("such as UN or RU"),
    cpu: z.number().int().optional(),
    running: z.boolean().optional().describe("only the tasks that a CPU executed when the kernel stopped"),
  }),
  *run({ kernel }, { name, state, cpu, running }, offset) {
    // Rows are made for the tasks of the answer only, because a row reads the memory of the task's process.
    const isWanted = (task: Obj): boolean =>
      (name === undefined || is(() => taskComm(task).includes(name))) &&
      (state === undefined || is(() => taskState(task) === state.toUpperCase())) &&
      (cpu === undefined || is(() => taskCpu(task) === cpu)) &&
      (running === undefined || is(() => (runningOn(kernel, task) !== undefined) === running));
    const found = taskTable(kernel).tasks.filter(isWanted);
    yield conclusion(`${found.length} task${found.length === 1 ? "" : "s"}.`, "ps");
    yield* missingTasks(kernel, "ps: ");
    const skipped = Math.min(offset, found.length);
    yield { kind: "skipped", count: skipped };
    yield* taskRows(kernel, found.slice(skipped), { stackPointer: false, heading: true, hideOffline: false });
  },
});

/** Whether something is true; false if it cannot be read. */
const is = (read: () => boolean): boolean => attempt(read) === true;
