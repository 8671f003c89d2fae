/** Scheduling policy and times of tasks. */
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { cpusInUse } from "../../kernel/cpumask.ts";
import { perCpuVariable } from "../../kernel/percpu.ts";
import { walked } from "./walkedTask.ts";

/**
 * Returns the scheduling policy: SCHED_NORMAL, SCHED_FIFO and so on, as numbered in include/uapi/linux/sched.h. @throws
 * Fault
 */
export const schedulingPolicy = (task: Obj<"struct task_struct">): number => task.at("policy").number();

/**
 * Returns the time at which the task last began to run, in nanoseconds of its CPU's scheduler clock; 0 if it never ran.
 * @throws Fault
 */
export const lastArrival = (task: Obj<"struct task_struct">): bigint =>
  walked(task)?.arrival ?? task.at("sched_info.last_arrival").value();

/**
 * Returns the time until which the task ran, in nanoseconds of its CPU's scheduler clock; 0 if it never ran. It is the
 * time at which it got its CPU where `se.exec_start`, which update_curr() (kernel/sched/fair.c) sets until the task
 * leaves its CPU, is not newer. @throws Fault
 */
export function ranUntil(task: Obj<"struct task_struct">): bigint {
  const arrival = lastArrival(task);
  const accounted = walked(task)?.accounted ?? (task.has("se.exec_start") ? task.at("se.exec_start").value() : 0n);
  return accounted > arrival ? accounted : arrival;
}

/**
 * The newest scheduler clock of the CPUs in use, in nanoseconds: the time of the crash by that clock. The clock of an
 * idle CPU, or of one without timer interrupts, is older. @throws Fault
 */
export const newestClock = derived("newest scheduler clock", (kernel): bigint =>
  cpusInUse(kernel)
    .map((cpu) => runqueueClock(kernel, cpu))
    .reduce((newest, clock) => (clock > newest ? clock : newest), 0n),
);

/** Returns the scheduler clock of a CPU at its last update, in nanoseconds. @throws Fault */
export const runqueueClock = (kernel: Kernel, cpu: number): bigint =>
  perCpuVariable(kernel, "runqueues", cpu).at("clock").value();

/**
 * Returns the nanoseconds since a task last began to run, at the time of the crash; 0 if its CPU's clock is ahead. A task
 * that sleeps has slept at most this long. @throws Fault
 */
export function sinceArrival(task: Obj<"struct task_struct">): bigint {
  const since = newestClock(task.kernel) - lastArrival(task);
  return since < 0n ? 0n : since;
}

/** Returns when the task was started, in nanoseconds of CLOCK_MONOTONIC. @throws Fault */
export const startTime = (task: Obj<"struct task_struct">): bigint => task.at("start_time").value();
