/** What a sleeping task waits for, in the Variables view. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { type KnownHolder, type WaitingTask, waitingTask } from "../../insight/waits/waitGraph.ts";
import { fateWords, heldBy, taskName, waitWords } from "../../insight/waits/words.ts";
import type { Obj } from "../../model/object.ts";
import type { VariableEntry } from "./unfolding.ts";

/** Yields what a sleeping task waits for, as an entry whose children are the resource and its holders. */
export function* waitEntries(task: Obj): Generator<VariableEntry> {
  const waiting = attempt(() => waitingTask(task.kernel, task.address));
  if (waiting instanceof Fault || waiting.activity !== "sleeping") return;
  const words = waitWords(waiting);
  if (words === "") return;
  const held = heldBy(waiting);
  yield {
    name: "Waits for",
    value: held === undefined ? words : `${words}; ${isHeld(waiting) ? "held by " : ""}${held}`,
    address: waiting.wait.resource?.address,
    unfolding: { named: () => partEntries(waiting) },
    hint: { kind: "virtual" },
  };
}

const isHeld = ({ holders }: WaitingTask): boolean => holders.length > 0;

function* partEntries({ task, wait, holders }: WaitingTask): Generator<VariableEntry> {
  const { kernel } = task;
  const { resource, waiter } = wait;
  if (resource?.type !== undefined) yield objectEntry(kernel, "resource", resource.type, resource.address);
  if (waiter) yield objectEntry(kernel, "waiter", waiter.type, waiter.address);
  for (const holder of holders) yield holderEntry(kernel, holder);
  for (const [at, { task: address }] of wait.queue.entries())
    if (address !== undefined)
      yield { ...objectEntry(kernel, `waiter ${at + 1}`, "struct task_struct", address), remark: "in line" };
}

function objectEntry(kernel: Obj["kernel"], name: string, type: string, address: bigint): VariableEntry {
  return { name, value: attempt(() => kernel.object(type, address)), expression: `*(${type} *)${hex0x(address)}` };
}

function holderEntry(kernel: Obj["kernel"], holder: KnownHolder): VariableEntry {
  const fate = fateWords(holder);
  return {
    ...objectEntry(
      kernel,
      holder.certainty === "certain" ? "held by" : "possibly held by",
      "struct task_struct",
      holder.task,
    ),
    text: fate === undefined ? taskName(holder) : `${taskName(holder)}, ${fate}`,
    remark: holder.how,
  };
}
