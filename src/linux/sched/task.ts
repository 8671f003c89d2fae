/** Tasks and the lists that contain them. */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { idrEntries } from "../../kernel/idr.ts";
import { listEntries } from "../../kernel/list.ts";
import { perCpuVariable } from "../../kernel/percpu.ts";
import { globalU32 } from "../vmcoreinfo.ts";
import { readCpu, readState, readWalked, walked, walkedTasks } from "./walkedTask.ts";

/** Yields the idle tasks ("swapper") of the possible CPUs that have one. @throws Fault */
export function* idleTasks(kernel: Kernel): Generator<Obj<"struct task_struct">> {
  for (const cpu of possibleCpus(kernel)) {
    const idle = attempt(() => perCpuVariable(kernel, "runqueues", cpu).at("idle").deref());
    // smp_init() makes the idle tasks of all possible CPUs; one that was not made, or cannot be read, is left out.
    if (idle instanceof Fault || idle.address === 0n) continue;
    yield idle;
  }
}

/**
 * Yields the threads of a process, `struct task_struct`, leader first. @throws Fault where the thread list breaks,
 * after yielding the threads before
 */
export function* threads(leader: Obj<"struct task_struct">): Generator<Obj<"struct task_struct">> {
  const { kernel } = leader;
  yield leader;
  const signal = leader.at("signal");
  // Without signal_struct the task is not complete yet, was released (before v2.6.35), or is damaged.
  if (signal.value() === 0n) return;
  // Since Linux kernel commit 8e1f385104ac ("kill task_struct->thread_group") (in v6.7) there is only thread_node,
  // which exists since v3.14.
  const others = leader.has("thread_node")
    ? listEntries(kernel, signal.at("thread_head"), "struct task_struct", "thread_node")
    : listEntries(kernel, leader.at("thread_group"), "struct task_struct", "thread_group");
  for (const thread of others) {
    if (thread.address === leader.address) continue;
    // All threads have the same leader. If they do not, the list has run into another one.
    if (thread.at("group_leader").value() !== leader.address) {
      throw Fault.at("corrupt", thread.address, "thread list contains a thread of another process");
    }
    yield thread;
  }
}

/**
 * Yields the thread group leaders on the list that starts at `init_task`, without `init_task`. @throws Fault as
 * `listEntries`
 */
export const processes = (kernel: Kernel): Generator<Obj<"struct task_struct">> =>
  listEntries(kernel, kernel.variable("init_task").at("tasks"), "struct task_struct", "tasks");

/**
 * Yields every task in list order: idle tasks, then each process with its threads. @throws Fault where the list breaks
 */
export function* tasks(kernel: Kernel): Generator<Obj<"struct task_struct">> {
  yield* idleTasks(kernel);
  for (const leader of processes(kernel)) yield* threads(leader);
}

/**
 * Yields the tasks in the pid table, by pid. Use it if the task list is broken. Kernels have this table since v4.15 (commit
 * 95846ecf9dac). @throws Fault
 */
export function* pidTableTasks(kernel: Kernel): Generator<Obj<"struct task_struct">> {
  for (const { entry } of idrEntries(kernel, kernel.variable("init_pid_ns").at("idr"))) {
    const task = pidTask(kernel.object("struct pid", entry));
    if (task) yield task;
  }
}

/**
 * Returns the thread that a `struct pid` identifies (PIDTYPE_PID); undefined for a pid that is only used as a session
 * or group id. @throws Fault
 */
export function pidTask(pid: Obj<"struct pid">): Obj<"struct task_struct"> | undefined {
  // enum pid_type starts with PIDTYPE_PID.
  const first = pid.at("tasks[0].first").value();
  if (first === 0n) return undefined;
  const { kernel } = pid;
  // Since Linux kernel commit 2c4704756cab ("pids: Move the pgrp and session pid pointers from task_struct to
  // signal_struct") (in v4.19) the links are in pid_links[]; before, in pids[].node.
  const task = kernel.object("struct task_struct", 0n);
  const link = task.has("pid_links") ? task.at("pid_links[0]") : task.at("pids[0].node");
  return kernel.object(task.type, BigInt.asUintN(64, first - link.address));
}

/** Maximum number of tasks: PID_MAX_LIMIT of 64-bit kernels (include/linux/threads.h). */
export const MAX_TASKS = 4 * 1024 * 1024;

/** Every task, and the fault because of which some can be missing. */
export interface TaskTable {
  /** By pid; idle tasks first. */
  readonly tasks: readonly Obj<"struct task_struct">[];
  /** The pid of each task; Number.MAX_SAFE_INTEGER if it cannot be read. */
  readonly pids: readonly number[];
  /** Why the list could not be followed to its end; undefined if it could. */
  readonly fault: Fault | undefined;
  /**
   * A sentence if the kernel's count of tasks differs from the number found. This alone is not damage, because tasks
   * start and exit while the kernel crashes.
   */
  readonly note: string | undefined;
}

/**
 * All tasks by pid, computed once. If the task list breaks, the rest is taken from the pid table, if the kernel has one (v4.15). Never throws: a dump
 * without task types or tasks gives an empty table and the fault.
 */
export const taskTable = derived("task table", (kernel): TaskTable => {
  const found = new Map<bigint, Obj<"struct task_struct">>();
  const members = walkedTasks(kernel);
  const collect = (source: () => Iterable<Obj<"struct task_struct">>): Fault | undefined => {
    const done = attempt(() => {
      for (const task of source()) {
        if (found.size === MAX_TASKS) throw Fault.at("corrupt", task.address, `more than ${MAX_TASKS} tasks`);
        found.set(task.address, task);
        if (!members.has(task.address)) members.set(task.address, readWalked(task));
      }
    });
    return done instanceof Fault ? done : undefined;
  };
  collect(() => idleTasks(kernel));
  const idle = found.size;
  let fault = collect(() => processes(kernel));
  // A broken thread list does not affect the other processes.
  for (const leader of [...found.values()].slice(idle)) {
    const broken = collect(() => threads(leader));
    fault ??= broken;
  }
  if (fault) collect(() => pidTableTasks(kernel));
  const note = countNote(kernel, found.size - idle);
  const order = [...found.values()].map((task) => ({ task, pid: members.get(task.address)?.pid ?? UNREADABLE_PID }));
  // The sort is stable: idle tasks all have pid 0 and stay in the order of their CPUs.
  order.sort((a, b) => a.pid - b.pid);
  return { tasks: order.map(({ task }) => task), pids: order.map(({ pid }) => pid), fault, note };
});

/**
 * Compares the number of tasks with nr_threads, which counts every task except the idle ones (kernel/fork.c). Returns
 * the difference as a sentence; undefined if there is none.
 */
function countNote(kernel: Kernel, found: number): string | undefined {
  const counted = attempt(() => globalU32(kernel, "nr_threads"));
  if (counted instanceof Fault || counted === undefined || counted === found) return undefined;
  return `the kernel counts ${counted} tasks without the idle ones (nr_threads), but ${found} were found`;
}

/** Pid for tasks whose struct cannot be read, so that they come last. */
const UNREADABLE_PID = Number.MAX_SAFE_INTEGER;

/**
 * Returns the task with a thread id of the initial pid namespace; CPU 0's idle task for 0; undefined if there is none
 * or the task cannot be read.
 */
export function findTask(kernel: Kernel, pid: number): Obj<"struct task_struct"> | undefined {
  return tasksByPid(kernel).get(pid)?.[0];
}

/** All tasks of each pid. Only pid 0 (the idle tasks) and the value for an unreadable pid can have several. */
export const tasksByPid = derived(
  "tasks by pid",
  (kernel): ReadonlyMap<number, readonly Obj<"struct task_struct">[]> => {
    const byPid = new Map<number, Obj<"struct task_struct">[]>();
    const { tasks, pids } = taskTable(kernel);
    for (const [i, task] of tasks.entries()) {
      const pid = pids[i] ?? UNREADABLE_PID;
      const same = byPid.get(pid);
      if (same) same.push(task);
      else byPid.set(pid, [task]);
    }
    return byPid;
  },
);

const tasksByAddress = derived(
  "tasks by address",
  (kernel) => new Map(taskTable(kernel).tasks.map((task) => [task.address, task])),
);

/** Returns the known task whose `task_struct` is at `address`; undefined if there is none. */
export function taskAt(kernel: Kernel, address: bigint): Obj<"struct task_struct"> | undefined {
  const byAddress = tasksByAddress(kernel);
  return byAddress.get(address);
}

/** Returns the thread id in the initial pid namespace. @throws Fault */
export const taskPid = (task: Obj<"struct task_struct">): number => walked(task)?.pid ?? task.at("pid").number();

/** Returns the process id: the thread id of the group leader. @throws Fault */
export const taskTgid = (task: Obj<"struct task_struct">): number => task.at("tgid").number();

/** Returns the name, at most 15 bytes (TASK_COMM_LEN). @throws Fault */
export const taskComm = (task: Obj<"struct task_struct">): string => walked(task)?.comm ?? task.at("comm").text();

/** Returns `bash [279]`: the name and the thread id. @throws Fault */
export const commAndPid = (task: Obj<"struct task_struct">): string => `${taskComm(task)} [${taskPid(task)}]`;

/**
 * Returns `task_struct.__state` (`state` before v5.14, commit 2f064a59a11f) and `exit_state` in one number. @throws
 * Fault
 */
export function rawTaskState(task: Obj<"struct task_struct">): number {
  const known = walked(task);
  return (known?.state ?? readState(task)) | (known?.exitState ?? task.at("exit_state").number());
}

/** Returns the address of the task's kernel stack; 0 if it was freed. @throws Fault */
export const taskStack = (task: Obj<"struct task_struct">): bigint => walked(task)?.stack ?? task.at("stack").value();

/**
 * Returns `task_struct.parent`, which crash's `ps` shows: for a traced task the tracer, not the parent of ps(1); for
 * idle tasks of other CPUs, the idle task of CPU 0. @throws Fault
 */
export const taskParent = (task: Obj<"struct task_struct">): Obj<"struct task_struct"> => task.at("parent").deref();

const PF_KTHREAD = 0x00200000;

/**
 * Whether a task is a kernel thread, which never had an address space of its own (include/linux/sched.h:
 * PF_KTHREAD). @throws Fault
 */
export const isKernelThread = (task: Obj<"struct task_struct">): boolean =>
  (task.at("flags").number() & PF_KTHREAD) !== 0;

/** Returns the CPU on which the task is running or last ran. @throws Fault */
export const taskCpu = (task: Obj<"struct task_struct">): number => walked(task)?.cpu ?? readCpu(task);

/** Returns the user id of the task's objective credentials (`task_struct.real_cred`). @throws Fault */
export function taskUid(task: Obj): number {
  const cred = task.at("real_cred");
  // kuid_t exists since Linux kernel commit 7a4e7408c5ca ("userns: Add kuid_t and kgid_t ...") (in v3.5). Until v3.13 it
  // is a struct only with CONFIG_UIDGID_STRICT_TYPE_CHECKS.
  return cred.at(cred.has("uid.val") ? "uid.val" : "uid").number();
}

/** Returns the name of a task's controlling terminal, such as "pts0"; undefined without one. @throws Fault */
export function taskTerminal(task: Obj): string | undefined {
  const signal = task.at("signal");
  if (signal.value() === 0n) return undefined;
  const tty = signal.at("tty");
  return tty.value() === 0n ? undefined : tty.at("name").text();
}
