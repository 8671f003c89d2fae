/** Holders of semaphores. */
import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { ResourceState } from "./resource.ts";

/**
 * Reads the state of a `struct semaphore`, which has no owner. Kernels with CONFIG_DETECT_HUNG_TASK_BLOCKER record the
 * last task that took it, since commit 194a9b9e843b ("hung_task: show the blocker task if the task is hung on
 * semaphore") (in v6.16). @throws Fault
 */
export function semaphoreState(kernel: Kernel, address: bigint): ResourceState {
  const semaphore = kernel.object("struct semaphore", address);
  const type = "struct semaphore";
  const count = semaphore.at("count").number();
  const fields = [{ type, address, path: "count", value: String(count) }];
  if (count > 0) return { holders: [], isFree: true, fields };
  const note = "a semaphore does not record who took it";
  const last = semaphore.has("last_holder") ? semaphore.at("last_holder").value() : 0n;
  if (last === 0n) return { holders: [], note, fields };
  fields.push({ type, address, path: "last_holder", value: hex0x(last) });
  const how = "the last task that took it; it may have released it again";
  return { holders: [{ task: last, certainty: "possible", how }], note, fields };
}
