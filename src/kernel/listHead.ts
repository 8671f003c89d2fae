/** Lists whose head has no name, found from one of their entries. */
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { listNodes } from "./list.ts";

/**
 * Returns the `struct list_head` of a list from an entry: the only node that is not a member of an entry. @param entry
 * of the list @param member its `struct list_head` member @param isEntry whether an object can be an entry; may throw
 * Faults, which mean that it cannot @throws Fault corrupt if not exactly one node is outside the entries
 */
export function headOf<T extends string>(
  entry: Obj<T>,
  member: string,
  isEntry: (object: Obj<T>) => boolean,
): Obj<"struct list_head"> {
  const { kernel } = entry;
  const node = entry.at(member).address;
  const offset = node - entry.address;
  const heads: bigint[] = [];
  for (const at of listNodes(kernel, node)) {
    const found = attempt(() => isEntry(kernel.object(entry.type, at - offset) as Obj<T>));
    if (found instanceof Fault || !found) heads.push(at);
  }
  const [head] = heads;
  if (head === undefined || heads.length > 1)
    throw Fault.at(
      "corrupt",
      node,
      `the list has ${heads.length} nodes that are not entries; only the head may be one`,
    );
  return kernel.object("struct list_head", head);
}

/** Returns a variable that is a list head, or the head that `find` finds if the kernel does not name it. @throws Fault */
export function namedHead(
  kernel: Kernel,
  name: string,
  find: () => Obj<"struct list_head"> | undefined,
): Obj<"struct list_head"> {
  if (kernel.symbols.find(name)) return kernel.variable(name).as("struct list_head");
  const found = attempt(find);
  // The fault of the variable names what the dump lacks.
  return found instanceof Fault || found === undefined ? kernel.variable(name).as("struct list_head") : found;
}
