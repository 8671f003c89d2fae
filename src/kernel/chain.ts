/** Chains of plain pointers. */
import { Fault } from "../base/fault.ts";
import type { Obj } from "../model/object.ts";

/**
 * Yields the objects of a chain that ends with NULL, such as the chain of a hash slot. @param first pointer to the
 * first object @param member name of the member that points to the next object @throws Fault if the pointer to the next
 * object cannot be read, or leads to an object that was already yielded
 */
export function* chain(first: Obj, member = "next"): Generator<Obj> {
  const seen = new Set<bigint>();
  for (let at = first; at.value() !== 0n; at = at.at(member)) {
    const address = at.value();
    if (seen.has(address)) throw Fault.at("corrupt", address, "the chain contains this object twice");
    seen.add(address);
    yield at.deref();
  }
}
