/** The lock that the kernel recorded for a waiting task. */
import { attempt, Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Obj } from "../../model/object.ts";

export interface Blocker {
  readonly kind: "mutex" | "semaphore" | "rwsem";
  readonly mode: "read" | "write" | undefined;
  readonly address: bigint;
  /** The member of `task_struct` that has the address. */
  readonly member: string;
}

/** BLOCKER_TYPE_* of include/linux/hung_task.h, in the low two bits. */
const KINDS: readonly Pick<Blocker, "kind" | "mode">[] = [
  { kind: "mutex", mode: undefined },
  { kind: "semaphore", mode: undefined },
  { kind: "rwsem", mode: "read" },
  { kind: "rwsem", mode: "write" },
];

/**
 * Returns the lock that the task waits for according to the kernel; undefined without a record. The kernel records it
 * if it was built with CONFIG_DETECT_HUNG_TASK_BLOCKER.
 * Since Linux kernel commit e711faaafbe5 ("hung_task: replace blocker_mutex with encoded blocker") (in v6.16) the low
 * bits of `blocker` contain the kind. `blocker_mutex` of v6.15 and `blocked_on` of proxy execution only record mutexes.
 * Before, `blocked_on` of CONFIG_DEBUG_MUTEXES points to the task's `struct mutex_waiter`, which is not the lock.
 */
export function blocker(task: Obj): Blocker | undefined {
  for (const member of ["blocker", "blocker_mutex", "blocked_on"]) {
    const value = task.has(member) && !pointsToWaiter(task.at(member)) ? attempt(() => task.at(member).value()) : 0n;
    if (value instanceof Fault) continue;
    const address = value & ~3n;
    const kind = KINDS[member === "blocker" ? Number(value & 3n) : 0];
    // PROXY_WAKING of include/linux/sched.h (all ones) is not a lock.
    const isLock = value !== 0n && address + 4n < 1n << BigInt(task.kernel.arch.wordSize * 8);
    if (kind && isLock && task.kernel.memory.isKernelAddress(address)) return { ...kind, address, member };
  }
  return undefined;
}

function pointsToWaiter({ type }: Obj): boolean {
  const pointer = bare(type);
  const target = pointer.kind === "pointer" ? bare(pointer.target) : undefined;
  return target?.kind === "struct" && target.name === "mutex_waiter";
}
