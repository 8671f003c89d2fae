/** State of locks. */
import type { Kernel } from "../../model/kernel.ts";
import { mutexState, rtMutexState, rtMutexType } from "./mutex.ts";
import type { Resource, ResourceState } from "./resource.ts";
import { rwsemState } from "./rwsem.ts";
import { semaphoreState } from "./semaphore.ts";

/** Reads the state of a mutex, rwsem, semaphore or rt_mutex; undefined for any other kind of resource. @throws Fault */
export function lockState(kernel: Kernel, { kind, address, type }: Resource): ResourceState | undefined {
  switch (kind) {
    case "mutex":
      return mutexState(kernel, address);
    case "rwsem":
      return rwsemState(kernel, address);
    case "semaphore":
      return semaphoreState(kernel, address);
    case "rt_mutex":
      return rtMutexState(kernel.object(type ?? rtMutexType(kernel), address));
    default:
      return undefined;
  }
}
