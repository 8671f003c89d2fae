/** Holders of mutexes and rt_mutexes. */
import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Holder, ResourceState } from "./resource.ts";

/** kernel/locking/mutex.c and mutex.h: MUTEX_FLAG_WAITERS, _HANDOFF and _PICKUP in the low bits of the owner. */
const MUTEX_FLAGS = 7n;
const MUTEX_FLAG_PICKUP = 4n;

/** Returns the value of a word as unsigned, such as an address in a signed C type. */
export const unsignedWord = (object: Obj): bigint => BigInt.asUintN(object.kernel.arch.wordSize * 8, object.value());

/**
 * Reads the holder of a `struct mutex`. On PREEMPT_RT it is an rt_mutex.
 * Since Linux kernel commit 3ca0ff571b09 ("locking/mutex: Rework mutex::owner") (in v4.10) `owner` is the task with
 * flags in its low bits. Before, `count` is 1 for a free mutex and `owner`, if the kernel has it, is a plain pointer.
 * @throws Fault
 */
export function mutexState(kernel: Kernel, address: bigint): ResourceState {
  const mutex = kernel.object("struct mutex", address);
  const type = "struct mutex";
  if (mutex.has("rtmutex")) return rtMutexState(mutex.at("rtmutex"));
  if (!mutex.has("owner.counter")) {
    const owner = mutex.has("owner") ? mutex.at("owner").value() : undefined;
    const count = mutex.at("count.counter").number();
    const fields = [{ type, address, path: "count.counter", value: String(count) }];
    if (owner !== undefined) fields.push({ type, address, path: "owner", value: hex0x(owner) });
    if (owner) return { holders: [{ task: owner, certainty: "certain", how: "mutex.owner" }], fields };
    if (count === 1) return { holders: [], isFree: true, fields };
    const note =
      owner === undefined
        ? "this kernel does not record the owner of the mutex"
        : "the mutex is locked, but its owner is not recorded";
    return { holders: [], note, fields };
  }
  const word = unsignedWord(mutex.at("owner.counter"));
  const fields = [{ type, address, path: "owner.counter", value: hex0x(word) }];
  const task = word & ~MUTEX_FLAGS;
  if (task === 0n) return { holders: [], isFree: true, fields };
  if ((word & MUTEX_FLAG_PICKUP) === 0n)
    return { holders: [{ task, certainty: "certain", how: "mutex.owner" }], fields };
  const how = "the mutex was handed over to the task, which has not picked it up yet";
  return {
    holders: [{ task, certainty: "certain", how, isHandedOver: true }],
    note: "handed over, not picked up yet",
    fields,
  };
}

/** RT_MUTEX_HAS_WAITERS of kernel/locking/rtmutex_common.h. */
const RT_MUTEX_FLAGS = 1n;

/**
 * Reads the holder of an rt_mutex. @param lock `struct rt_mutex_base`, before v5.15 `struct rt_mutex` (commit
 * 830e6acc8a1c) @throws Fault
 */
export function rtMutexState(lock: Obj<"struct rt_mutex_base" | "struct rt_mutex">): ResourceState {
  const owner = lock.at("owner").value();
  const task = owner & ~RT_MUTEX_FLAGS;
  const type = rtMutexType(lock.kernel);
  const fields = [{ type, address: lock.address, path: "owner", value: hex0x(owner) }];
  if (task === 0n) return { holders: [], isFree: true, fields };
  const holder: Holder = { task, certainty: "certain", how: "rt_mutex.owner" };
  return { holders: [holder], fields };
}

/** Returns the C type of an rt_mutex: since v5.15 the part of it without the members of lockdep. */
export const rtMutexType = (kernel: Kernel): string =>
  kernel.types.find("struct", "rt_mutex_base") ? "struct rt_mutex_base" : "struct rt_mutex";
