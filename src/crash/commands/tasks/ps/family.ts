/** Relatives of tasks: `ps -p`, `-c` and `-g`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { taskParent, taskPid, taskTable, taskTgid } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { indent } from "../../../../render/pad.ts";
import { faultSpan, type Line, type Piece, record } from "../../../../say/piece.ts";
import { taskFacts, taskHeading } from "../../../say/taskHeading.ts";

/** Maximum number of generations. A longer line of parents is treated as damage. */
const MAX_PARENTS = 1024;

const indented = (spaces: number, task: Obj): Line => [indent(spaces), ...taskHeading(task)];

/** Yields each task's line of parents, from `swapper/0` down to it; each generation is indented by one more step. */
export function* tasksParents(tasks: Iterable<Obj>): Generator<Piece, void, void> {
  for (const task of tasks) {
    const { lineage, fault } = ancestry(task);
    const lines = lineage.map((one, i) => indented(i, one));
    if (fault) lines.unshift([faultSpan(fault)]);
    yield record({ ...taskFacts(task), parents: lineage.slice(0, -1).map(taskFacts) }, ...lines, []);
  }
}

/**
 * Returns the task and its parents, the eldest first; `fault` is why the lineage does not start at the first task,
 * undefined if it does.
 */
function ancestry(task: Obj): { lineage: Obj[]; fault: Fault | undefined } {
  const lineage = [task];
  for (let at = task; lineage.length < MAX_PARENTS; at = lineage[0] ?? task) {
    const parent = attempt(() => taskParent(at));
    if (parent instanceof Fault) return { lineage, fault: parent };
    if (parent.address === at.address || parent.address === 0n) return { lineage, fault: undefined };
    lineage.unshift(parent);
  }
  return { lineage, fault: Fault.at("corrupt", task.address, `the line of parents exceeds ${MAX_PARENTS} tasks`) };
}

/** Yields each task's children. */
export function* tasksChildren(kernel: Kernel, tasks: Iterable<Obj>): Generator<Piece, void, void> {
  const children = grouped(kernel, (task) => taskParent(task).address);
  for (const task of tasks) yield family(task, children.get(task.address) ?? [], "children");
}

/** Yields each thread group of the tasks once, its leader first. */
export function* tasksGroups(kernel: Kernel, tasks: Iterable<Obj>): Generator<Piece, void, void> {
  const groups = grouped(kernel, (task) => BigInt(taskTgid(task)));
  const shown = new Set<number>();
  for (const task of tasks) {
    const group = attempt(() => taskTgid(task));
    if (group instanceof Fault || shown.has(group)) continue;
    shown.add(group);
    const members = groups.get(BigInt(group)) ?? [task];
    const leader = members.find((member) => attempt(() => taskPid(member)) === group) ?? task;
    yield family(
      leader,
      members.filter((member) => member !== leader),
      "threads",
    );
  }
}

function family(head: Obj, members: readonly Obj[], what: "children" | "threads"): Piece {
  const lines: Line[] = [taskHeading(head), ...members.map((member) => indented(2, member))];
  if (members.length === 0) lines.push([`  (no ${what})`]);
  return record({ ...taskFacts(head), [what]: members.map(taskFacts) }, ...lines, []);
}

/** Groups all tasks by a property; tasks for which it cannot be read are left out. */
function grouped(kernel: Kernel, key: (task: Obj) => bigint): ReadonlyMap<bigint, Obj[]> {
  const groups = new Map<bigint, Obj[]>();
  for (const task of taskTable(kernel).tasks) {
    const value = attempt(() => key(task));
    if (value instanceof Fault) continue;
    const group = groups.get(value);
    if (group) group.push(task);
    else groups.set(value, [task]);
  }
  return groups;
}
