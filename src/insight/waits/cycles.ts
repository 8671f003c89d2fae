/** A directed graph: its nodes, and the targets of each node's edges. */
export interface Graph<T> {
  readonly nodes: Iterable<T>;
  readonly next: (node: T) => readonly T[];
}

/** Returns the strongly connected components that contain a cycle. Uses Tarjan's algorithm without recursion. */
export function cyclicComponents<T>({ nodes, next }: Graph<T>): T[][] {
  const index = new Map<T, number>();
  const low = new Map<T, number>();
  /** Visited nodes whose component is not complete: the stack of the algorithm. */
  const stack: T[] = [];
  const onStack = new Set<T>();
  const components: T[][] = [];
  const enter = (node: T): Visit<T> => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    stack.push(node);
    onStack.add(node);
    return { node, edges: next(node), at: 0 };
  };
  const lower = (node: T, to: number): void => void low.set(node, Math.min(low.get(node) ?? to, to));
  for (const root of nodes) {
    if (index.has(root)) continue;
    const path = [enter(root)];
    for (let visit = path.at(-1); visit; visit = path.at(-1)) {
      const { node, edges } = visit;
      const target = edges[visit.at++];
      if (target !== undefined) {
        if (!index.has(target)) path.push(enter(target));
        else if (onStack.has(target)) lower(node, index.get(target) ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent) lower(parent.node, low.get(node) ?? 0);
      if (low.get(node) !== index.get(node)) continue;
      const component = stack.splice(stack.lastIndexOf(node));
      for (const one of component) onStack.delete(one);
      if (component.length > 1 || next(node).includes(node)) components.push(component);
    }
  }
  return components;
}

interface Visit<T> {
  readonly node: T;
  readonly edges: readonly T[];
  /** Index of the edge to follow next. */
  at: number;
}

/**
 * Returns the nodes of a shortest cycle through `start`, each once, `start` first; empty if there is none.
 * @param component the nodes that the cycle may use besides `start`
 */
export function cycleThrough<T>(start: T, component: ReadonlySet<T>, next: (node: T) => readonly T[]): T[] {
  const from = new Map<T, T>();
  const queue: T[] = [start];
  for (const node of queue) {
    for (const target of next(node)) {
      if (target === start) {
        const cycle = [node];
        for (let at = node; at !== start;) cycle.push((at = from.get(at) ?? start));
        return cycle.reverse();
      }
      if (!component.has(target) || from.has(target)) continue;
      from.set(target, node);
      queue.push(target);
    }
  }
  return [];
}
