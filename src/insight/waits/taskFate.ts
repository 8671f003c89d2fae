/** Finds what became of a task that a lock names. */
import { attempt, Fault } from "../../base/fault.ts";
import { runningOn } from "../../linux/sched/cpu.ts";
import { type TaskActivity, taskActivity } from "../../linux/sched/sleeping.ts";
import { taskAt } from "../../linux/sched/task.ts";
import { slabObjectAt, slabState } from "../../linux/slab/slabObject.ts";
import { derivedFor } from "../../model/derived.ts";

/** What became of a task that a lock names. */
export interface TaskFate {
  /** "freed": its memory was freed. "gone": it is in no task list, and nothing else is known. */
  readonly activity: TaskActivity | "freed" | "gone";
  /** The CPU that the task runs on. */
  readonly cpu: number | undefined;
}

/** Returns what became of the task whose `task_struct` is, or was, at an address. */
export const taskFate = derivedFor("fates of tasks", (kernel, address: bigint): TaskFate => {
  const task = taskAt(kernel, address);
  if (task) return { activity: taskActivity(task), cpu: runningOn(kernel, task) };
  const activity = attempt((): TaskFate["activity"] => {
    const object = slabObjectAt(kernel, address);
    if (object && object.address === address && slabState(object.slab).free.has(object.index)) return "freed";
    return taskActivity(kernel.object("struct task_struct", address)) === "dead" ? "dead" : "gone";
  });
  return { activity: activity instanceof Fault ? "gone" : activity, cpu: undefined };
});
