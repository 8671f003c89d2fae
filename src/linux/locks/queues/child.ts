/** Wait queues of parents that wait for children. */
import { attempt, Fault } from "../../../base/fault.ts";
import { listEntries } from "../../../kernel/list.ts";
import type { Obj } from "../../../model/object.ts";
import { commAndPid, pidTask, threads } from "../../sched/task.ts";
import type { Found, Holder } from "../resource.ts";
import type { QueuedEntry } from "./queueResource.ts";

/** Flag of `wo_flags`: the wait ends when a child stops, too (include/uapi/linux/wait.h). */
const WUNTRACED = 2;
/** Number of children that are listed as those a parent may wait for. */
const MAX_CHILDREN = 16;

/**
 * Returns the child that a task waits for; undefined if the queue is another. wait4(2) waits on the queue of its own
 * process; the entry is in a `struct wait_opts`, which has the pid (kernel/exit.c: do_wait()).
 */
export function childWait({ sleeper: { task }, entry, queue }: QueuedEntry): Found | undefined {
  if (task.at("signal.wait_chldexit").address !== queue) return undefined;
  const options = entry.containerOf("struct wait_opts", "child_wait");
  const one = attempt(() => chosenChild(options));
  // If it cannot be read, a stop may end the wait.
  const mayStop = attempt(() => endsAtStop(task, options)) !== false;
  const end = mayStop ? "exit or stop" : "exit";
  const resource = {
    kind: "child",
    type: "struct wait_queue_head",
    address: queue,
    phrase: `a child to ${end}`,
  } as const;
  if (one && !(one instanceof Fault)) {
    const how = `the child that has to ${end}`;
    return {
      resource: { ...resource, phrase: `its child ${commAndPid(one)} to ${end}` },
      state: { holders: [{ task: one.address, certainty: "certain", how }], fields: [] },
    };
  }
  const children = attempt(() => childrenOf(task));
  if (children instanceof Fault || children.length === 0) return { resource };
  const holders = children.slice(0, MAX_CHILDREN).map((child): Holder => {
    const how = `one of the children of which one has to ${end}`;
    return { task: child.address, certainty: "possible", how };
  });
  return { resource, state: { holders, note: `children: ${children.length}`, fields: [] } };
}

/** Whether a wait also ends when a child stops: for WUNTRACED, and for children that the process traces. @throws Fault */
function endsAtStop(task: Obj<"struct task_struct">, options: Obj<"struct wait_opts">): boolean {
  if ((options.at("wo_flags").number() & WUNTRACED) !== 0) return true;
  const group = [...threads(task.at("group_leader").deref())];
  return group.some((thread) => thread.at("ptraced.next").value() !== thread.at("ptraced").address);
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
