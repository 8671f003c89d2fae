/** Short text for locks: who holds them. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Kernel, Printer } from "../../model/kernel.ts";
import { taskAt, taskComm, taskPid } from "../sched/task.ts";
import type { Holder, Resource, ResourceState } from "./resource.ts";
import { lockState } from "./lockState.ts";

/** Returns a printer for locks in memory: `held by bash [279]`, `possibly held by bash [284]`, `unlocked`. */
export const lockPrinter =
  (kind: Resource["kind"]): Printer =>
  (object) => {
    if (object.storage.kind !== "memory") return undefined;
    const resource: Resource = { kind, address: object.address, type: undefined };
    const state = attempt(() => lockState(object.kernel, resource));
    return state === undefined || state instanceof Fault ? undefined : lockText(object.kernel, state);
  };

function lockText(kernel: Kernel, { holders, free, note }: ResourceState): string | undefined {
  if (free) return "unlocked";
  const [holder] = holders;
  if (!holder) return note;
  const held = `${holder.certainty === "certain" ? "" : "possibly "}held by ${holderName(kernel, holder)}`;
  return note === undefined ? held : `${held}; ${note}`;
}

/** Returns a task's name and pid; its address if no list of tasks contains it. */
function holderName(kernel: Kernel, { task }: Holder): string {
  const known = taskAt(kernel, task);
  const name = known && attempt(() => `${taskComm(known)} [${taskPid(known)}]`);
  return typeof name === "string" ? name : `${hex0x(task)}, which is not in a list of tasks`;
}
