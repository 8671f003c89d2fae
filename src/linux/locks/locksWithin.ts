/** Finds the locks that an object is or contains. */
import { attempt, Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Obj } from "../../model/object.ts";
import { summary } from "../../model/summary.ts";
import { isSleepingLock } from "./lockText.ts";

/** Structs that are spinlocks. */
const SPINLOCKS: readonly string[] = ["spinlock", "raw_spinlock"];

/** A lock in an object. */
export interface LockWithin {
  /** Path of the members that lead to it, such as `i_data.i_mmap_rwsem`; "" if the object itself is the lock. */
  readonly path: string;
  readonly lock: Obj;
  readonly isSpinlock: boolean;
}

/** Maximum nesting of members that are searched. */
const MAX_DEPTH = 4;
/** Maximum number of locks of one object. */
const MAX_LOCKS = 64;

/** Returns the locks that an object in memory is or contains. Arrays and the members of locks are not searched. */
export function locksWithin(object: Obj): readonly LockWithin[] {
  const found: LockWithin[] = [];
  if (object.storage.kind === "memory") search(object, "", 0, found);
  return found;
}

function search(object: Obj, path: string, depth: number, found: LockWithin[]): void {
  const type = bare(object.type);
  if ((type.kind !== "struct" && type.kind !== "union") || depth > MAX_DEPTH || found.length >= MAX_LOCKS) return;
  const name = type.name ?? "";
  const isSpinlock = SPINLOCKS.includes(name);
  if (isSpinlock || isSleepingLock(name)) {
    found.push({ path, lock: object, isSpinlock });
    return;
  }
  for (const { name: own, type: inner, bitOffset } of type.members) {
    const { kind } = bare(inner);
    if (kind !== "struct" && kind !== "union") continue;
    // The members of an anonymous struct are members of the struct around it.
    const next = own === undefined ? path : path === "" ? own : `${path}.${own}`;
    search(object.kernel.object(inner, object.address + BigInt(bitOffset >>> 3)), next, depth + 1, found);
  }
}

/** Returns the holder of a lock in words, as it is shown wherever a lock is; undefined if that is not known. */
export function holderWords({ lock }: LockWithin): string | undefined {
  const words = attempt(() => summary(lock));
  return words instanceof Fault || words.startsWith("{") ? undefined : words;
}
