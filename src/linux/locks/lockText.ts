/** Short text for locks: who holds them. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Kernel, Printer } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { commAndPid, taskAt } from "../sched/task.ts";
import { doubtWord, type Holder, type Resource, type ResourceState } from "./resource.ts";
import { lockState } from "./lockState.ts";

/**
 * Kinds of sleeping locks by the names of their structs. `rt_mutex` is the lock itself before v5.15; since then it
 * begins with an `rt_mutex_base`.
 */
const LOCKS: ReadonlyMap<string, Resource["kind"]> = new Map([
  ["mutex", "mutex"],
  ["rw_semaphore", "rwsem"],
  ["semaphore", "semaphore"],
  ["rt_mutex_base", "rt_mutex"],
  ["rt_mutex", "rt_mutex"],
]);

/** Printers of sleeping locks by the names of their structs. */
export const lockPrinters: readonly (readonly [string, Printer])[] = [...LOCKS].map(([name, kind]) => [
  name,
  lockPrinter(kind),
]);

/** Whether a struct of this name is a sleeping lock. */
export const isSleepingLock = (struct: string): boolean => LOCKS.has(struct);

/** Returns who holds an object that is a sleeping lock: `held by bash [279]`; undefined for other objects. */
export function lockWords(object: Obj): string | undefined {
  const type = bare(object.type);
  const kind = type.kind === "struct" ? LOCKS.get(type.name ?? "") : undefined;
  return kind && lockPrinter(kind)(object);
}

/** Returns a printer for locks in memory: `held by bash [279]`, `possibly held by bash [284]`, `unlocked`. */
function lockPrinter(kind: Resource["kind"]): Printer {
  return (object) => {
    if (object.storage.kind !== "memory") return undefined;
    // On newer kernels a struct rt_mutex begins with the lock.
    const resource: Resource = { kind, address: object.address, type: undefined };
    const state = attempt(() => lockState(object.kernel, resource));
    return state === undefined || state instanceof Fault ? undefined : lockText(object.kernel, state);
  };
}

function lockText(kernel: Kernel, { holders, isFree, note }: ResourceState): string | undefined {
  if (isFree) return "unlocked";
  const [holder] = holders;
  if (!holder) return note;
  const held = `${doubtWord(holder)}held by ${holderName(kernel, holder)}`;
  return note === undefined ? held : `${held}; ${note}`;
}

/** Returns a task's name and pid; its address if no list of tasks contains it. */
function holderName(kernel: Kernel, { task }: Holder): string {
  const known = taskAt(kernel, task);
  const name = known && attempt(() => commAndPid(known));
  return typeof name === "string" ? name : `${hex0x(task)}, which is not in a list of tasks`;
}
