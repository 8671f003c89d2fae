import { attempt, Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";

export interface Blocker {
  readonly kind: "mutex" | "semaphore" | "rwsem";
  readonly mode: "read" | "write" | undefined;
  readonly address: bigint;
}

/** BLOCKER_TYPE_* of include/linux/hung_task.h, in the low two bits. */
const KINDS: readonly Omit<Blocker, "address">[] = [
  { kind: "mutex", mode: undefined },
  { kind: "semaphore", mode: undefined },
  { kind: "rwsem", mode: "read" },
  { kind: "rwsem", mode: "write" },
];

/**
 * The lock that the kernel itself says the task waits for, where it was built with CONFIG_DETECT_HUNG_TASK_BLOCKER.
 *
 * Since Linux kernel commit e711faaafbe5 ("hung_task: replace blocker_mutex with encoded blocker") (in v6.16) the kind
 * stands in the low bits of `blocker`; in v6.15 `blocker_mutex` knows mutexes alone.
 */
export function blocker(task: Obj<"struct task_struct">): Blocker | undefined {
  const member = ["blocker", "blocker_mutex"].find((name) => task.has(name));
  const value = member && attempt(() => task.at(member).value());
  if (value === undefined || value === "" || value instanceof Fault || value === 0n) return undefined;
  const bits = member === "blocker" ? Number(value & 3n) : 0;
  const kind = KINDS[bits];
  return kind && { ...kind, address: value & ~3n };
}
