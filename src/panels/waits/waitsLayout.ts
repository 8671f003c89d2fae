/** Positions of nodes: as a sentence is read, a waiter is to the left of what it waits for, and a holder to the right. */
import type { ResourceNode, TaskNode, WaitsModel } from "./waitsModel.ts";
import { holderLabel } from "./waitsWords.ts";

/** The size of a node and the gaps between nodes, in pixels before zoom. */
export const NODE = { width: 190, height: 40, gapX: 108, gapY: 10 } as const;
/** The gap between unconnected chains, in pixels. */
const GAP_CHAINS = 22;
/** Maximum number of drawn nodes; the table has all tasks. */
const MAX_NODES = 400;
/** Maximum number of drawn waiters per resource. */
const MAX_WAITERS = 12;
/** Maximum number of drawn steps from a root. */
const MAX_DEPTH = 40;

export interface Placed {
  readonly node: TaskNode | ResourceNode;
  readonly x: number;
  readonly y: number;
  readonly depth: number;
  /** The number of waiters of the resource that are not drawn. */
  readonly omitted: number;
}

export interface Edge {
  /**
   * Key of the node at the start of the edge: a task that waits, or a resource that is held. `to` is the key of the
   * other.
   */
  readonly from: string;
  readonly to: string;
  readonly isCertain: boolean;
  readonly inCycle: boolean;
  /** "waits for", "held by" or "depends on", with "likely" or "possibly" when the holder is uncertain. */
  readonly label: string;
  /** How the holder is known; "" for a waiter. */
  readonly title: string;
}

export interface Layout {
  readonly placed: ReadonlyMap<string, Placed>;
  readonly edges: readonly Edge[];
  readonly width: number;
  readonly height: number;
  /** The number of waiting tasks that are not drawn. */
  readonly omitted: number;
}

/**
 * Places the nodes of a graph. Chains with a cycle come first, then the order of the command: the longest wait first.
 */
export function layoutOf(model: WaitsModel): Layout {
  const walk: Walk = { model, waiters: waitersOf(model), held: heldBy(model), placed: new Map(), row: 0, top: 0 };
  for (const { tasks } of model.cycles) if (tasks[0] !== undefined) placeChain(walk, tasks[0]);
  const roots = new Map<string, string>();
  for (const key of model.order) placeChain(walk, rootOf(model, key, roots));
  const placed = [...walk.placed.values()];
  const omitted = model.order.filter((key) => !walk.placed.has(key)).length;
  return {
    placed: walk.placed,
    edges: edgesOf(model, walk.placed),
    width: Math.max(0, ...placed.map(({ x }) => x + NODE.width)),
    height: Math.max(0, ...placed.map(({ y }) => y + NODE.height)),
    omitted,
  };
}

interface Walk {
  readonly model: WaitsModel;
  readonly waiters: ReadonlyMap<string, readonly string[]>;
  readonly held: ReadonlyMap<string, readonly string[]>;
  readonly placed: Map<string, Placed>;
  /** Number of rows that are used so far. */
  row: number;
  /** Height of the gaps between chains so far, in pixels. */
  top: number;
}

/** Follows first holders to the end of a chain, and returns its key: a task, or a resource without a known holder. */
function rootOf({ tasks, resources }: WaitsModel, from: string, roots: Map<string, string>): string {
  const path: string[] = [];
  const seen = new Set<string>();
  let at = from;
  let root = roots.get(at);
  while (root === undefined) {
    path.push(at);
    seen.add(at);
    const waitsFor = tasks.get(at)?.waitsFor;
    const resource = waitsFor === undefined ? undefined : resources.get(waitsFor);
    const holder = resource?.holders[0]?.task;
    if (!resource) root = at;
    else if (holder === undefined) root = resource.key;
    else if (seen.has(holder)) root = holder;
    else root = roots.get((at = holder));
  }
  for (const key of path) roots.set(key, root);
  return root;
}

/** Returns the keys of the tasks that wait for each resource, in the order of the command. */
function waitersOf({ tasks, order }: WaitsModel): Map<string, string[]> {
  const waiters = new Map<string, string[]>();
  for (const key of order) {
    const waitsFor = tasks.get(key)?.waitsFor;
    if (waitsFor !== undefined) push(waiters, waitsFor, key);
  }
  return waiters;
}

/** Returns the keys of the resources of which each task is the first holder. */
function heldBy({ resources }: WaitsModel): Map<string, string[]> {
  const held = new Map<string, string[]>();
  for (const { key, holders } of resources.values()) if (holders[0]) push(held, holders[0].task, key);
  return held;
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}

/** Places a root and all that wait for it, unless they are placed already. */
function placeChain(walk: Walk, root: string): void {
  if (walk.placed.has(root) || walk.placed.size >= MAX_NODES) return;
  if (walk.row > 0) walk.top += GAP_CHAINS;
  const first = walk.placed.size;
  place(walk, root, 0);
  // The deepest waiters are at the left edge.
  const chain = [...walk.placed].slice(first);
  const deepest = Math.max(...chain.map(([, { depth }]) => depth));
  for (const [key, node] of chain)
    walk.placed.set(key, { ...node, x: (deepest - node.depth) * (NODE.width + NODE.gapX) });
}

/**
 * Places a node in the row of its first child, and the others in rows of their own. The children of a task are what it
 * holds, those of a resource the tasks that wait for it.
 */
function place(walk: Walk, key: string, depth: number): void {
  const { model, placed } = walk;
  const node = model.tasks.get(key) ?? model.resources.get(key);
  if (!node || placed.has(key) || placed.size >= MAX_NODES || depth > MAX_DEPTH) return;
  const all = node.kind === "task" ? (walk.held.get(key) ?? []) : (walk.waiters.get(key) ?? []);
  // A child in the same cycle comes first, so that the nodes of a cycle are in one row.
  const sorted = [...all].sort((a, b) => Number(inCycle(model, b)) - Number(inCycle(model, a)));
  const children = depth === MAX_DEPTH ? [] : node.kind === "task" ? sorted : sorted.slice(0, MAX_WAITERS);
  placed.set(key, {
    node,
    x: 0,
    y: walk.top + walk.row * (NODE.height + NODE.gapY),
    depth,
    omitted: sorted.length - children.length,
  });
  let isFirst = true;
  for (const child of children) {
    if (placed.has(child) || placed.size >= MAX_NODES) continue;
    if (!isFirst) walk.row++;
    isFirst = false;
    place(walk, child, depth + 1);
  }
  if (depth === 0) walk.row++;
}

const inCycle = ({ tasks, resources }: WaitsModel, key: string): boolean =>
  tasks.get(key)?.inCycle ?? resources.get(key)?.inCycle ?? false;

function edgesOf({ tasks, cycles }: WaitsModel, placed: ReadonlyMap<string, Placed>): Edge[] {
  const edges: Edge[] = [];
  // The edges that belong to a cycle: the resource that each task waits for, and the next task, which holds it.
  const closing = new Set(
    cycles.flatMap(({ tasks: cycle }) =>
      cycle.map((key, at) => `${tasks.get(key)?.waitsFor ?? ""} ${cycle[(at + 1) % cycle.length] ?? ""}`),
    ),
  );
  for (const [key, { node }] of placed) {
    if (node.kind === "task") {
      const to = node.waitsFor;
      if (to !== undefined && placed.has(to))
        edges.push({ from: key, to, isCertain: true, inCycle: node.inCycle, label: "waits for", title: "" });
      continue;
    }
    for (const { task, certainty, how } of node.holders)
      if (placed.has(task))
        edges.push({
          from: key,
          to: task,
          isCertain: certainty === "certain",
          inCycle: closing.has(`${key} ${task}`),
          label: holderLabel(node, certainty),
          title: how,
        });
  }
  return edges;
}

/**
 * Returns the key of the node that an arrow key leads to; undefined for other keys, and if there is no node in that
 * direction. @param from key of the current node @param key as in `KeyboardEvent.key`
 */
export function neighbour({ placed, edges }: Layout, from: string, key: string): string | undefined {
  if (key === "ArrowRight") return edges.find((edge) => edge.from === from)?.to;
  if (key === "ArrowLeft") return edges.find((edge) => edge.to === from)?.from;
  const here = placed.get(from);
  if (!here || (key !== "ArrowUp" && key !== "ArrowDown")) return undefined;
  let best: { readonly key: string; readonly distance: number } | undefined;
  for (const [other, { x, y }] of placed) {
    const down = key === "ArrowDown" ? y - here.y : here.y - y;
    if (down <= 0) continue;
    // Prefer the nearest row, and in it the nearest column.
    const distance = down * 1000 + Math.abs(x - here.x);
    if (!best || distance < best.distance) best = { key: other, distance };
  }
  return best?.key;
}
