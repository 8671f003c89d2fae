/** Activity of tasks. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { runningOn } from "./cpu.ts";
import { type TaskState, taskState } from "./taskState.ts";

/** Whether a task is running, waits for a CPU, sleeps, is stopped or is dead. */
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
 * Returns a task's activity. A task that was preempted while it was going to sleep is runnable although its state says
 * otherwise, because it is still on its run queue.
 */
export function taskActivity(task: Obj<"struct task_struct">): TaskActivity {
  if (runningOn(task.kernel, task) !== undefined) return "running";
  const state = attempt(() => BY_STATE[taskState(task)]);
  if (state instanceof Fault) return "unknown";
  return state === "sleeping" && attempt(() => isQueued(task)) === true ? "runnable" : state;
}

/**
 * Whether a task is on a run queue. Since Linux kernel commit 152e11f6df29 ("sched/fair: Implement delayed
 * dequeue") (in v6.12) sleeping tasks can stay on it for a while; they do not count.
 */
function isQueued(task: Obj<"struct task_struct">): boolean {
  if (!task.has("on_rq") || task.at("on_rq").number() === 0) return false;
  return !(task.has("se.sched_delayed") && task.at("se.sched_delayed").number() !== 0);
}
