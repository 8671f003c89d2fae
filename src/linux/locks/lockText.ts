/** Locks in few words: who has them. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Kernel, Printer } from "../../model/kernel.ts";
import { taskAt, taskComm, taskPid } from "../sched/task.ts";
import type { Holder, Resource, ResourceState } from "./resource.ts";
import { lockState } from "./lockState.ts";

/** `held by bash [279]`, `possibly held by bash [284]`, `unlocked`: what a lock in memory says of itself. */
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

/** The task by name and number; by its address where it is in no list of tasks. */
function holderName(kernel: Kernel, { task }: Holder): string {
  const known = taskAt(kernel, task);
  const name = known && attempt(() => `${taskComm(known)} [${taskPid(known)}]`);
  return typeof name === "string" ? name : `${hex0x(task)}, which is in no list of tasks`;
}
