import { Fault } from "../base/fault.ts";
import type { Obj } from "../model/object.ts";

/**
 * What a plain pointer leads to, and each one's own pointer to the next, until one is NULL: short chains such as those
 * of a hash's slot.
 * @param member the pointer to the next
 * @throws Fault at the first that cannot be read, or that is met again; those before it were yielded
 */
export function* chain(first: Obj, member = "next"): Generator<Obj> {
  const seen = new Set<bigint>();
  for (let at = first; at.value() !== 0n; at = at.at(member)) {
    const address = at.value();
    if (seen.has(address)) throw Fault.at("corrupt", address, "a chain leads back into itself");
    seen.add(address);
    yield at.deref();
  }
}
