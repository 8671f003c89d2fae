import { Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";

/** A `struct resource` and how many others it lies in. */
export interface ResourceNode {
  readonly resource: Obj<"struct resource">;
  readonly depth: number;
}

/**
 * A tree of resources from its root down, children by their start (kernel/resource.c), as /proc/iomem lists them.
 * @throws Fault at the first that cannot be read, or that is met again; those before it were yielded
 */
export function* resourceTree(root: Obj<"struct resource">): Generator<ResourceNode> {
  const seen = new Set<bigint>();
  const open: ResourceNode[] = [{ resource: root, depth: 0 }];
  for (let node = open.pop(); node; node = open.pop()) {
    const { resource, depth } = node;
    if (seen.has(resource.address)) throw Fault.at("corrupt", resource.address, "resources form a loop");
    seen.add(resource.address);
    const [child, sibling] = [resource.at("child"), resource.at("sibling")];
    yield node;
    // What is pushed last comes next: first what lies within, then what lies beside.
    if (sibling.value() !== 0n && depth > 0) open.push({ resource: sibling.deref(), depth });
    if (child.value() !== 0n) open.push({ resource: child.deref(), depth: depth + 1 });
  }
}
