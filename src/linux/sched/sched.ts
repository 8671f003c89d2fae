import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { perCpuVariable } from "../../kernel/percpu.ts";

/** SCHED_NORMAL, SCHED_FIFO... as include/uapi/linux/sched.h numbers them. @throws Fault */
export const schedulingPolicy = (task: Obj<"struct task_struct">): number => task.at("policy").number();

/** When the task last got a CPU, nanoseconds of its CPU's scheduler clock; 0 when it never did. @throws Fault */
export const lastArrival = (task: Obj<"struct task_struct">): bigint => task.at("sched_info.last_arrival").value();

/** The scheduler clock of a CPU when it was last updated, nanoseconds. @throws Fault */
export const runqueueClock = (kernel: Kernel, cpu: number): bigint =>
  perCpuVariable(kernel, "runqueues", cpu).at("clock").value();

/** When the task was started, nanoseconds of CLOCK_MONOTONIC. @throws Fault */
export const startTime = (task: Obj<"struct task_struct">): bigint => task.at("start_time").value();
