/** What a sleeping task waits for, in the Variables view. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { type KnownHolder, type WaitingTask, waitingTask } from "../../insight/waits/waitGraph.ts";
import { fateWords, heldBy, taskName, waitWords } from "../../insight/waits/words.ts";
import { isLock } from "../../linux/locks/resource.ts";
import type { TaskActivity } from "../../linux/sched/sleeping.ts";
import type { Obj } from "../../model/object.ts";
import type { VariableEntry } from "./unfolding.ts";

/** Yields what a sleeping task waits for, as an entry whose children are the resource and its holders. */
export function* waitEntries(task: Obj): Generator<VariableEntry> {
  const waiting = attempt(() => waitingTask(task.kernel, task.address));
  if (waiting instanceof Fault || !WAITS.includes(waiting.activity)) return;
  const words = waitWords(waiting);
  if (words === "") return;
  const held = heldBy(waiting);
  yield {
    name: "Waits for",
    value: held === undefined ? words : `${words}; ${waiting.holders.length > 0 ? `${relation(waiting)} ` : ""}${held}`,
    address: waiting.wait.resource?.address,
    unfolding: { named: () => partEntries(waiting) },
    hint: { kind: "virtual" },
  };
}

/** Activities of tasks that wait for something. */
const WAITS: readonly TaskActivity[] = ["sleeping", "stopped"];

/** Returns how a resource relates to its holders: a lock is held, other resources depend on a task. */
const relation = ({ wait }: WaitingTask): string => (isLock(wait.resource?.kind) ? "held by" : "depends on");

function* partEntries(waiting: WaitingTask): Generator<VariableEntry> {
  const { task, wait, holders } = waiting;
  const { kernel } = task;
  const { resource, waiter } = wait;
  if (resource?.type !== undefined) yield objectEntry(kernel, "resource", resource.type, resource.address);
  if (waiter) yield objectEntry(kernel, "waiter", waiter.type, waiter.address);
  for (const holder of holders) yield holderEntry(kernel, holder, relation(waiting));
  for (const [at, { task: address }] of wait.queue.entries())
    if (address !== undefined)
      yield { ...objectEntry(kernel, `waiter ${at + 1}`, "struct task_struct", address), remark: "in line" };
}

function objectEntry(kernel: Obj["kernel"], name: string, type: string, address: bigint): VariableEntry {
  return { name, value: attempt(() => kernel.object(type, address)), expression: `*(${type} *)${hex0x(address)}` };
}

function holderEntry(kernel: Obj["kernel"], holder: KnownHolder, how: string): VariableEntry {
  const fate = fateWords(holder);
  return {
    ...objectEntry(
      kernel,
      holder.certainty === "certain" ? how : `${holder.certainty === "likely" ? "likely" : "possibly"} ${how}`,
      "struct task_struct",
      holder.task,
    ),
    text: fate === undefined ? taskName(holder) : `${taskName(holder)}, ${fate}`,
    remark: holder.how,
  };
}
