/** Lists of waiters, followed from one of them to the head that lies in the lock. */
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { memberOffset } from "../../kernel/list.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { stackOwner } from "../sched/stack.ts";
import { taskAt } from "../sched/task.ts";
import type { QueuedTask } from "./resource.ts";

/** A ring of waiters. */
export interface WaiterRing {
  /** The `list_head` of the lock; undefined where the ring holds nothing but waiters. */
  readonly head: bigint | undefined;
  /** First in line first; without a head from the one asked for. */
  readonly entries: readonly QueuedTask[];
}

/** A type of waiter: where its list and its task lie. */
export interface WaiterShape {
  /** The C type, such as `struct mutex_waiter`. */
  readonly type: string;
  /** The member that is the `list_head`. */
  readonly list: string;
  /** The member that is the `task_struct *`. */
  readonly task: string;
  /** The member with the function to call, of an entry that need not be a task's. */
  readonly wake?: string;
}

/** PID_MAX_LIMIT: no list holds more tasks. */
const MAX_WAITERS = 4 * 1024 * 1024;

/** Rings by each of their nodes, so that following one from each waiter is done once. */
const knownRings = derived("rings of waiters", () => new Map<bigint, WaiterRing>());

/**
 * The ring that a waiter is in. Each node must name its two neighbours, and be named by them; a node is a waiter when
 * its task's stack holds it (or its function is code), and the head when it is not.
 * @param node the waiter's `list_head`
 * @throws Fault corrupt where the links contradict each other, or where more than one node is no waiter
 */
export function waiterRing(kernel: Kernel, shape: WaiterShape, node: bigint): WaiterRing {
  const rings = knownRings(kernel);
  const known = rings.get(node);
  if (known) return known;
  const task = entryTest(kernel, shape);
  const nodes: QueuedTask[] = [];
  let head = -1;
  for (let at = node; ;) {
    const entry = task(at);
    if (entry === undefined) {
      if (head >= 0) throw Fault.at("corrupt", at, "the list of waiters leads through two nodes that are no waiters");
      head = nodes.length;
    }
    nodes.push({ node: at, task: entry === "no task" ? undefined : entry });
    if (nodes.length > MAX_WAITERS) throw Fault.at("corrupt", node, "the list of waiters does not end");
    const next = kernel.memory.word(at);
    const named = kernel.memory.word(next + BigInt(kernel.arch.wordSize));
    if (named !== at)
      throw Fault.at("corrupt", at, `the next waiter, ${hex0x(next)}, names ${hex0x(named)} as the one before it`);
    if (next === node) break;
    at = next;
  }
  const entries = head < 0 ? nodes : [...nodes.slice(head + 1), ...nodes.slice(0, head)];
  const ring: WaiterRing = { head: head < 0 ? undefined : nodes[head]?.node, entries };
  if (head < 0) for (const one of nodes) rings.set(one.node, ring);
  else for (const one of entries) rings.set(one.node, ring);
  return ring;
}

/** What a node is: the task that waits, an entry of something else, or no waiter. */
function entryTest(kernel: Kernel, shape: WaiterShape): (node: bigint) => bigint | "no task" | undefined {
  const list = memberOffset(kernel, shape.type, shape.list);
  const task = memberOffset(kernel, shape.type, shape.task) - list;
  const wake = shape.wake === undefined ? undefined : memberOffset(kernel, shape.type, shape.wake) - list;
  return (node) => {
    const waiting = kernel.memory.word(node + task);
    if (wake !== undefined) {
      if (!kernel.code.isText(kernel.memory.word(node + wake))) return undefined;
      return taskAt(kernel, waiting) ? waiting : "no task";
    }
    return waiting !== 0n && stackOwner(kernel, node)?.address === waiting ? waiting : undefined;
  };
}
