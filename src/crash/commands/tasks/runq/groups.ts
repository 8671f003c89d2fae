/** Run queues by task group: `runq -g`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex0x } from "../../../../base/hex.ts";
import { cpuTask } from "../../../../linux/sched/cpu.ts";
import {
  cfsCurrent,
  cfsQueue,
  childGroups,
  isThrottled,
  MAX_GROUP_DEPTH,
  type Queued,
  rtQueue,
  runqueue,
  taskGroupName,
} from "../../../../linux/sched/runqueue.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressSpan } from "../../../say/addressCell.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { indent } from "../../../../render/pad.ts";
import { type Pieces, text } from "../../../../say/piece.ts";
import { currentTable, orNone, queuedTask } from "./queues.ts";

/** The state of a walk through the task groups of one scheduling class on one CPU. */
interface Walk {
  readonly kernel: Kernel;
  readonly cpu: number;
  readonly queue: "CFS" | "RT";
  /** The task that the CPU runs, which is marked in the list. */
  readonly current: Obj;
  /**
   * Addresses of the group queues already shown. Throttled groups are not queued: they are looked up afterwards among the
   * children of shown groups. One is not found if its parent has no other task, because the parent is not queued either.
   */
  readonly shown: Set<bigint>;
}

/** Yields the tasks of a CPU by task group. */
export function* cpuGroups(kernel: Kernel, cpu: number): Pieces {
  const rq = runqueue(kernel, cpu);
  const current = cpuTask(kernel, cpu);
  yield text([{ as: "title", text: `CPU ${cpu}` }]);
  yield new TableLayout(kernel, currentTable).row({ cpu, queue: "current", task: current });
  const root = kernel.variable("root_task_group");
  const walk = (queue: Walk["queue"]): Walk => ({ kernel, cpu, queue, current, shown: new Set() });
  // Without CONFIG_RT_GROUP_SCHED crash omits the RT class; it is shown here if RT tasks wait in it.
  const rt = rq.at("rt");
  if (root.has("rt_rq") || attempt(() => !rtQueue(rt).next().done) === true)
    yield* rootGroup(walk("RT"), root, rt, rtMembers);
  yield* rootGroup(walk("CFS"), root, rq.at("cfs"), cfsMembers);
}

/** Returns the number of blanks before the members of a group at this depth. */
const indentOf = (depth: number): number => 2 + 3 * depth;

type Members = (queue: Obj) => Generator<Queued & { readonly priority?: number }>;

const rtMembers: Members = (rt) => rtQueue(rt);

function* cfsMembers(cfs: Obj): Generator<Queued> {
  const current = cfsCurrent(cfs);
  if (current) yield current;
  yield* cfsQueue(cfs);
}

function* rootGroup(walk: Walk, root: Obj, queue: Obj, members: Members): Pieces {
  yield text([
    "  ROOT_TASK_GROUP: ",
    addressSpan(walk.kernel, root.address),
    `  ${walk.queue}_RQ: `,
    addressSpan(walk.kernel, queue.address),
  ]);
  yield* orNone(groupMembers(walk, queue, members, 1, root));
}

function* groupMembers(walk: Walk, queue: Obj, members: Members, depth: number, taskGroup: Obj | undefined): Pieces {
  if (depth > MAX_GROUP_DEPTH)
    throw Fault.at("corrupt", queue.address, `task groups are nested more than ${MAX_GROUP_DEPTH} deep`);
  const { cpu } = walk;
  for (const one of members(queue)) {
    if ("group" in one) {
      yield* group(walk, one.group, members, depth);
      continue;
    }
    const { task, priority } = one;
    const isCurrent = task.address === walk.current.address;
    yield queuedTask({ cpu, queue: walk.queue, task, priority, isCurrent, indent: indentOf(depth) });
  }
  const member = walk.queue === "CFS" ? "cfs_rq" : "rt_rq";
  if (!taskGroup?.has(member)) return;
  for (const child of childGroups(taskGroup)) {
    const own = child.at(member).index(cpu).deref();
    if (own.address !== 0n && isThrottled(own) && !walk.shown.has(own.address)) yield* group(walk, own, members, depth);
  }
}

function* group(walk: Walk, queue: Obj, members: Members, depth: number): Pieces {
  if (walk.shown.has(queue.address)) throw Fault.at("corrupt", queue.address, "a task group is queued twice");
  walk.shown.add(queue.address);
  const taskGroup = queue.has("tg") ? queue.at("tg").deref() : undefined;
  const name = taskGroup && attempt(() => taskGroupName(taskGroup));
  const named = typeof name === "string" ? `  <${name}>` : "";
  yield text([
    `${indent(indentOf(depth))}TASK_GROUP: `,
    taskGroup ? addressSpan(walk.kernel, taskGroup.address) : hex0x(0),
    `  ${walk.queue}_RQ: `,
    addressSpan(walk.kernel, queue.address),
    `${named}${isThrottled(queue) ? " (THROTTLED)" : ""}`,
  ]);
  yield* groupMembers(walk, queue, members, depth + 1, taskGroup);
}
