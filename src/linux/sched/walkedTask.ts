/** What the walk over all tasks reads of each task. */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Obj } from "../../model/object.ts";

/** Members of a task that the walk over all tasks reads. A member that cannot be read is undefined. */
export interface WalkedTask {
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  readonly exitState: number | undefined;
  readonly state: number | undefined;
  readonly cpu: number | undefined;
  readonly stack: bigint | undefined;
  /** `sched_info.last_arrival`, in nanoseconds. */
  readonly arrival: bigint | undefined;
  /** `se.exec_start`, in nanoseconds. */
  readonly accounted: bigint | undefined;
}

/**
 * Members of the tasks that were walked, by address. They are read while their pages are cached, because the structs of
 * 20,000 tasks do not fit into the page cache. Empty until all tasks are needed.
 */
export const walkedTasks = derived("members of walked tasks", () => new Map<bigint, WalkedTask>());

/** Returns what the walk over all tasks read of a task; undefined if it has not been walked. */
export const walked = (task: Obj<"struct task_struct">): WalkedTask | undefined =>
  task.storage.kind === "memory" ? walkedTasks(task.kernel).get(task.storage.address) : undefined;

/** Reads the members that a walk over all tasks keeps. */
export function readWalked(task: Obj<"struct task_struct">): WalkedTask {
  const read = <T>(member: () => T): T | undefined => {
    const value = attempt(member);
    return value instanceof Fault ? undefined : value;
  };
  return {
    pid: read(() => task.at("pid").number()),
    comm: read(() => task.at("comm").text()),
    exitState: read(() => task.at("exit_state").number()),
    state: read(() => readState(task)),
    cpu: read(() => readCpu(task)),
    stack: read(() => task.at("stack").value()),
    arrival: read(() => task.at("sched_info.last_arrival").value()),
    accounted: read(() => task.at("se.exec_start").value()),
  };
}

/** Returns the member without `exit_state`. @throws Fault */
export const readState = (task: Obj<"struct task_struct">): number =>
  task.at(task.has("__state") ? "__state" : "state").number();

/** Returns the CPU of a task as its memory has it. @throws Fault */
export function readCpu(task: Obj<"struct task_struct">): number {
  // Since Linux kernel commit bcf9033e5449 ("sched: move CPU field back into thread_info if THREAD_INFO_IN_TASK=y") (in
  // v5.16) it is in thread_info; before, in task_struct or in a thread_info on the stack.
  if (task.has("thread_info.cpu")) return task.at("thread_info.cpu").number();
  if (task.has("cpu")) return task.at("cpu").number();
  const info = task.kernel.object("struct thread_info", task.at("stack").value());
  return info.at("cpu").number();
}
