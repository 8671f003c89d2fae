import { attempt, Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { runningOn } from "./cpu.ts";
import { type TaskState, taskState } from "./taskState.ts";

/** How far a task is from running. */
export type TaskActivity = "running" | "runnable" | "sleeping" | "stopped" | "dead" | "unknown";

const BY_STATE: Readonly<Record<TaskState, TaskActivity>> = {
  RU: "runnable",
  WA: "runnable",
  NE: "runnable",
  IN: "sleeping",
  UN: "sleeping",
  ID: "sleeping",
  PA: "sleeping",
  ST: "stopped",
  TR: "stopped",
  ZO: "dead",
  DE: "dead",
  "??": "unknown",
};

/**
 * Whether a task runs, waits for a CPU, sleeps or is dead. One that was preempted on its way to sleep is runnable,
 * whatever its state says: it is still on its run queue.
 */
export function taskActivity(task: Obj<"struct task_struct">): TaskActivity {
  if (runningOn(task.kernel, task) !== undefined) return "running";
  const state = attempt(() => BY_STATE[taskState(task)]);
  if (state instanceof Fault) return "unknown";
  return state === "sleeping" && attempt(() => isQueued(task)) === true ? "runnable" : state;
}

/**
 * On a run queue. Since Linux kernel commit 152e11f6df29 ("sched/fair: Implement delayed dequeue") (in v6.12) tasks
 * that sleep may stay there for a while.
 */
function isQueued(task: Obj<"struct task_struct">): boolean {
  if (!task.has("on_rq") || task.at("on_rq").number() === 0) return false;
  return !(task.has("se.sched_delayed") && task.at("se.sched_delayed").number() !== 0);
}
