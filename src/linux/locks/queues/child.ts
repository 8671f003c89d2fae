/** Wait queues of parents that wait for children. */
import { attempt, Fault } from "../../../base/fault.ts";
import { listEntries } from "../../../kernel/list.ts";
import type { Obj } from "../../../model/object.ts";
import { commAndPid, pidTask, threads } from "../../sched/task.ts";
import type { Found, Holder } from "../resource.ts";
import type { QueuedEntry } from "./queueResource.ts";

/** Number of children that are listed as those a parent may wait for. */
const MAX_CHILDREN = 16;

/**
 * Returns the child that a task waits for; undefined if the queue is another. wait4(2) waits on the queue of its own
 * process; the entry is in a `struct wait_opts`, which has the pid (kernel/exit.c: do_wait()).
 */
export function childWait({ sleeper: { task }, entry, queue }: QueuedEntry): Found | undefined {
  if (task.at("signal.wait_chldexit").address !== queue) return undefined;
  const resource = { kind: "child", type: "struct wait_queue_head", address: queue } as const;
  const one = attempt(() => chosenChild(entry.containerOf("struct wait_opts", "child_wait")));
  if (one && !(one instanceof Fault)) {
    const how = "the child that has to exit or to stop";
    return {
      resource: { ...resource, phrase: `its child ${commAndPid(one)} to exit or stop` },
      state: { holders: [{ task: one.address, certainty: "certain", how }], fields: [] },
    };
  }
  const children = attempt(() => childrenOf(task));
  if (children instanceof Fault || children.length === 0) return { resource };
  const holders = children.slice(0, MAX_CHILDREN).map((child): Holder => {
    const how = "one of the children of which one has to exit or to stop";
    return { task: child.address, certainty: "possible", how };
  });
  return { resource, state: { holders, note: `children: ${children.length}`, fields: [] } };
}

/** Returns the task if a wait is for one pid: PIDTYPE_PID is 0 (include/linux/pid_types.h). @throws Fault */
function chosenChild(options: Obj<"struct wait_opts">): Obj<"struct task_struct"> | undefined {
  if (options.at("wo_type").number() !== 0) return undefined;
  return pidTask(options.at("wo_pid").deref());
}

function childrenOf(task: Obj<"struct task_struct">): Obj<"struct task_struct">[] {
  const { kernel } = task;
  return [...threads(task.at("group_leader").deref())].flatMap((thread) => [
    ...listEntries(kernel, thread.at("children"), "struct task_struct", "sibling"),
  ]);
}
