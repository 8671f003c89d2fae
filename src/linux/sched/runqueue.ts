/** Run queues of the scheduler. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";
import { perCpuVariable } from "../../kernel/percpu.ts";
import { rbtreeEntries } from "../../kernel/rbtree.ts";
import { taskTable, taskCpu } from "./task.ts";

/** Returns the `struct rq` of a CPU (kernel/sched/sched.h). @throws Fault */
export const runqueue = (kernel: Kernel, cpu: number): Obj<"struct rq"> => perCpuVariable(kernel, "runqueues", cpu);

/** Maximum depth of nested task groups. Cgroups have no limit for nesting, but our recursion needs one. */
export const MAX_GROUP_DEPTH = 64;

/** What a scheduling entity represents: a task, or the run queue of a task group on this CPU. */
export type Queued =
  { readonly task: Obj<"struct task_struct"> } | { readonly group: Obj<"struct cfs_rq" | "struct rt_rq"> };

/**
 * Returns what a `struct sched_entity` or `sched_rt_entity` represents. With CONFIG_*_GROUP_SCHED, entities that have a
 * queue (`my_q`) are groups.
 */
function queued(entity: Obj<"struct sched_entity" | "struct sched_rt_entity">, member: "se" | "rt"): Queued {
  if (entity.has("my_q")) {
    const own = entity.at("my_q");
    if (own.value() !== 0n) return { group: own.deref() };
  }
  return { task: entity.containerOf("struct task_struct", member) };
}

/** Returns what is running on a `struct cfs_rq`, which is not in its tree; undefined if nothing is. @throws Fault */
export function cfsCurrent(cfs: Obj<"struct cfs_rq">): Queued | undefined {
  const current = cfs.at("curr");
  return current.value() === 0n ? undefined : queued(current.deref(), "se");
}

/** Yields what is waiting on a `struct cfs_rq`, in the order of its tree. @throws Fault where the tree breaks */
export function* cfsQueue(cfs: Obj<"struct cfs_rq">): Generator<Queued> {
  for (const entity of rbtreeEntries(cfs.kernel, cfs.at("tasks_timeline"), "struct sched_entity", "run_node"))
    yield queued(entity, "se");
}

/**
 * Yields the tasks that are waiting on a `struct cfs_rq` and on the groups below it. @throws Fault where a tree breaks
 */
export function* cfsTasks(cfs: Obj<"struct cfs_rq">, depth = 0): Generator<Obj<"struct task_struct">> {
  if (depth > MAX_GROUP_DEPTH)
    throw Fault.at("corrupt", cfs.address, `task groups are nested deeper than ${MAX_GROUP_DEPTH} levels`);
  const current = cfsCurrent(cfs);
  if (current && "group" in current) yield* cfsTasks(current.group, depth + 1);
  for (const one of cfsQueue(cfs)) {
    if ("group" in one) yield* cfsTasks(one.group, depth + 1);
    else yield one.task;
  }
}

/** Yields the entries of a `struct rt_rq` with their priority, most urgent first. @throws Fault where a list breaks */
export function* rtQueue(rt: Obj<"struct rt_rq">): Generator<Queued & { readonly priority: number }> {
  let priority = 0;
  for (const head of rt.at("active.queue").elements()) {
    for (const entity of listEntries(rt.kernel, head, "struct sched_rt_entity", "run_list"))
      yield { ...queued(entity, "rt"), priority };
    priority++;
  }
}

/** Yields the deadline tasks, earliest deadline first; none if the kernel does not have that class. @throws Fault */
export function* deadlineTasks(rq: Obj<"struct rq">): Generator<Obj<"struct task_struct">> {
  if (!rq.has("dl.root")) return;
  for (const entity of rbtreeEntries(rq.kernel, rq.at("dl.root"), "struct sched_dl_entity", "rb_node")) {
    // Since Linux kernel commit 63ba8422f876 ("sched/deadline: Introduce deadline servers") (in v6.8) an entity can be
    // a server of the fair class and not a task.
    if (entity.has("dl_server") && entity.at("dl_server").value() !== 0n) continue;
    yield entity.containerOf("struct task_struct", "dl");
  }
}

/** Yields the tasks on the local queue of a BPF scheduler (v6.12, CONFIG_SCHED_CLASS_EXT). @throws Fault */
export function* extTasks(rq: Obj<"struct rq">): Generator<Obj<"struct task_struct">> {
  if (!rq.has("scx.runnable_list")) return;
  yield* listEntries(rq.kernel, rq.at("scx.runnable_list"), "struct task_struct", "scx.runnable_node");
}

/** Returns all runnable tasks of a CPU, on any of its queues, by pid. */
export const tasksOnRunqueue = (kernel: Kernel, cpu: number): readonly Obj<"struct task_struct">[] =>
  taskTable(kernel).tasks.filter((task) => {
    const isThere = attempt(() => taskCpu(task) === cpu && task.at("on_rq").value() !== 0n);
    return isThere === true;
  });

/** Returns the name of a task group's cgroup; undefined for the root and for autogroups. @throws Fault */
export function taskGroupName(group: Obj<"struct task_group">): string | undefined {
  if (!group.has("css.cgroup.kn")) return undefined;
  const cgroup = group.at("css.cgroup");
  if (cgroup.value() === 0n) return undefined;
  const node = cgroup.at("kn");
  const name = node.value() === 0n ? "" : node.at("name").text();
  return name === "" ? undefined : name;
}

/** Yields the groups below a task group, newest first. @throws Fault where the list breaks */
export const childGroups = (group: Obj<"struct task_group">): Generator<Obj<"struct task_group">> =>
  listEntries(group.kernel, group.at("children"), "struct task_group", "siblings");

/**
 * Whether a group's queue has used up its bandwidth (`cfs_rq.throttled`, `rt_rq.rt_throttled`). @throws Fault
 */
export function isThrottled(queue: Obj<"struct cfs_rq" | "struct rt_rq">): boolean {
  for (const member of ["throttled", "rt_throttled"]) if (queue.has(member)) return queue.at(member).value() !== 0n;
  return false;
}
