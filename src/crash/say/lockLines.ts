/** Prints who holds the locks of an object. */
import { attempt } from "../../base/fault.ts";
import { holderWords, locksWithin } from "../../linux/locks/locksWithin.ts";
import { isHolderUnrecorded } from "../../linux/locks/spinHolder.ts";
import { spinHolders } from "../../insight/waits/spinning.ts";
import type { Obj } from "../../model/object.ts";
import { type Pieces, text } from "../../say/piece.ts";

/**
 * Prints the holder of an object that is a lock, `held by bash [279]`, and of each lock in it that is not free:
 * `i_rwsem: held by bash [279]`. The stacks are searched for the holder of a spinlock that does not record it.
 * @param within path of the object in what is printed
 */
export function* lockLines(object: Obj, within = ""): Pieces {
  for (const found of locksWithin(object)) {
    const { lock, path, isSpinlock } = found;
    if (isSpinlock && attempt(() => isHolderUnrecorded(lock)) === true)
      yield* spinHolders(lock.kernel, "spinlock", lock.address);
    const words = holderWords(found);
    const name = [within, path].filter((part) => part !== "").join(".");
    if (words === undefined || (path !== "" && words === "unlocked")) continue;
    yield text([{ as: "dim", text: name === "" ? words : `${name}: ${words}` }]);
  }
}
