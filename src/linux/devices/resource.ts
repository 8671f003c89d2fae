/** Resource trees, such as that of /proc/iomem. */
import { Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";

/** A `struct resource` and the number of resources that contain it. */
export interface ResourceNode {
  readonly resource: Obj<"struct resource">;
  readonly depth: number;
}

/**
 * Yields a tree of resources from its root, children by ascending start (kernel/resource.c), in the order of
 * /proc/iomem. @throws Fault at the first resource that cannot be read or was already visited, after yielding those
 * before it
 */
export function* resourceTree(root: Obj<"struct resource">): Generator<ResourceNode> {
  const seen = new Set<bigint>();
  const open: ResourceNode[] = [{ resource: root, depth: 0 }];
  for (let node = open.pop(); node; node = open.pop()) {
    const { resource, depth } = node;
    if (seen.has(resource.address)) throw Fault.at("corrupt", resource.address, "resource tree contains a loop");
    seen.add(resource.address);
    const [child, sibling] = [resource.at("child"), resource.at("sibling")];
    yield node;
    // The last one pushed is next: first the children, then the siblings.
    if (sibling.value() !== 0n && depth > 0) open.push({ resource: sibling.deref(), depth });
    if (child.value() !== 0n) open.push({ resource: child.deref(), depth: depth + 1 });
  }
}
