import type { Toy, ToyKernel, ToyValue } from "./kernel.ts";
import { toyKernel } from "./kernel.ts";

/** The parts of the kernel's types that tasks need, as kernels from 5.16 on lay them out. */
export const taskTypes = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct hlist_node { struct hlist_node *next; struct hlist_node **pprev; };
  struct hlist_head { struct hlist_node *first; };
  struct rlimit { unsigned long rlim_cur; unsigned long rlim_max; };
  struct signal_struct { struct list_head thread_head; struct rlimit rlim[16]; };
  struct mm_struct { unsigned long total_vm; unsigned long arg_start; unsigned long arg_end; unsigned long env_start;
    unsigned long env_end; void *pgd; struct { long counter; } rss_stat[4]; struct vm_area_struct *mmap; };
  struct thread_info { unsigned long flags; unsigned int cpu; };
  struct thread_struct { unsigned long sp; };
  struct sched_info { unsigned long long last_arrival; };
  struct sched_entity { unsigned long long exec_start; };
  struct task_struct {
    struct thread_info thread_info; unsigned int __state; int exit_state; void *stack; unsigned int flags;
    int pid; int tgid; unsigned int policy; int prio; char comm[16];
    struct task_struct *real_parent; struct task_struct *parent; struct task_struct *group_leader;
    struct list_head tasks; struct list_head thread_node; struct signal_struct *signal; struct mm_struct *mm;
    struct hlist_node pid_links[4]; struct thread_struct thread; struct sched_info sched_info; struct sched_entity se;
    unsigned long long start_time; unsigned long long utime; unsigned long long stime;
  };
  struct xa_node { unsigned char shift; void *slots[64]; };
  struct xarray { void *xa_head; };
  struct idr { struct xarray idr_rt; unsigned int idr_base; };
  struct pid { struct hlist_head tasks[4]; };
  struct pid_namespace { struct idr idr; };
  struct rq { struct task_struct *curr; struct task_struct *idle; unsigned long long clock; };
  struct task_struct init_task;
  struct rq runqueues;
  struct pid_namespace init_pid_ns;`;

export interface ToyTask {
  readonly pid: number;
  readonly comm: string;
  /** Process; its own when not given. */
  readonly tgid?: number;
  /** Pid of the parent; 0 when not given. */
  readonly parent?: number;
  readonly cpu?: number;
  /** Members to set besides. */
  readonly with?: { readonly [member: string]: ToyValue };
}

const BASE = 0xffff_8880_0000_0000n;
const PER_CPU = BASE + 0x1000_0000n;
const GLOBALS = BASE + 0x2000_0000n;

/** Where `toyTasks` puts the task of a pid; `swapper/N` lies at -N. */
export const taskAddress = (pid: number): bigint =>
  pid > 0 ? BASE + BigInt(pid) * 0x1000n : BASE + 0x800_0000n - BigInt(pid) * 0x1000n;
const signalAddress = (tgid: number): bigint => taskAddress(Math.max(tgid, 0)) + 0x800n;
export const stackAddress = (pid: number): bigint => BASE + 0x400_0000n + BigInt(pid) * 0x4000n;

export interface ToyMachine {
  /** Pid that each CPU runs; 0 is its idle task. */
  readonly cpus: readonly number[];
  readonly tasks: readonly ToyTask[];
  /** Members of `struct task_struct` besides those of `taskTypes`, as C declares them. */
  readonly taskMembers?: string;
  readonly more?: Partial<Toy>;
}

/** A kernel with idle tasks and the tasks given, linked as a kernel links them. */
export function toyTasks({ cpus, tasks, taskMembers = "", more = {} }: ToyMachine): ToyKernel {
  const ownTypes = taskTypes.replace("unsigned long long start_time;", `${taskMembers} $&`);
  const offset = (type: string, member: string): bigint => probe.object(type, 0n).at(member).address;
  const probe = toyKernel({ types: `${ownTypes}\n${more.types ?? ""}` });
  const tasksAt = offset("struct task_struct", "tasks");
  const threadAt = offset("struct task_struct", "thread_node");
  const leaders = tasks.filter(({ pid, tgid = pid }) => pid === tgid);
  const memory: NonNullable<Toy["memory"]>[number][] = [];
  const nextLeader = (pid: number): bigint => {
    const next = leaders[leaders.findIndex((leader) => leader.pid === pid) + 1];
    return next ? taskAddress(next.pid) + tasksAt : taskAddress(0) + tasksAt;
  };
  for (const { pid, comm, tgid = pid, parent = 0, cpu = 0, with: others = {} } of tasks) {
    const group = tasks.filter((task) => (task.tgid ?? task.pid) === tgid);
    const next = group[group.findIndex((task) => task.pid === pid) + 1];
    const value: ToyValue = {
      pid,
      tgid,
      comm,
      thread_info: { cpu },
      stack: stackAddress(pid),
      real_parent: taskAddress(parent),
      parent: taskAddress(parent),
      group_leader: taskAddress(tgid),
      signal: signalAddress(tgid),
      // The list is of leaders alone.
      ...(pid === tgid && { tasks: { next: nextLeader(pid) } }),
      thread_node: { next: next ? taskAddress(next.pid) + threadAt : signalAddress(tgid) },
    };
    memory.push(["struct task_struct", taskAddress(pid), { ...value, ...others }]);
  }
  for (const { pid } of leaders) {
    memory.push(["struct signal_struct", signalAddress(pid), { thread_head: { next: taskAddress(pid) + threadAt } }]);
  }
  cpus.forEach((pid, cpu) => {
    const idle = cpu === 0 ? taskAddress(0) : taskAddress(-cpu);
    const parent = taskAddress(0);
    memory.push([
      "struct task_struct",
      idle,
      {
        comm: `swapper/${cpu}`,
        flags: 0x200000,
        thread_info: { cpu },
        parent,
        real_parent: parent,
        tasks: { next: leaders[0] ? taskAddress(leaders[0].pid) + tasksAt : idle + tasksAt },
      },
    ]);
    memory.push([
      "struct rq",
      PER_CPU + BigInt(cpu) * 0x1000n,
      { idle, curr: pid === 0 ? idle : taskAddress(pid), clock: 9_000_000_000n },
    ]);
  });
  const mask = (1n << BigInt(cpus.length)) - 1n;
  return toyKernel({
    ...more,
    types: `${ownTypes}\n${more.types ?? ""}`,
    symbols: {
      init_task: taskAddress(0),
      runqueues: 0n,
      init_pid_ns: GLOBALS,
      __per_cpu_offset: GLOBALS + 0x100n,
      __cpu_possible_mask: GLOBALS + 0x200n,
      __cpu_present_mask: GLOBALS + 0x200n,
      __cpu_online_mask: GLOBALS + 0x208n,
      nr_cpu_ids: GLOBALS + 0x210n,
      ...more.symbols,
    },
    memory: [
      ...memory,
      ["struct pid_namespace", GLOBALS, {}],
      ...cpus.map(
        (_, cpu) => ["unsigned long", GLOBALS + 0x100n + BigInt(cpu * 8), PER_CPU + BigInt(cpu) * 0x1000n] as const,
      ),
      ["unsigned long", GLOBALS + 0x200n, mask],
      ["unsigned long", GLOBALS + 0x208n, mask],
      ["unsigned int", GLOBALS + 0x210n, cpus.length],
      ...(more.memory ?? []),
    ],
  });
}
