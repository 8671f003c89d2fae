/** Lists of waiters. They are followed from one waiter to the head, which is a member of the lock. */
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { memberOffset } from "../../kernel/list.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { taskOfStack } from "../sched/stack.ts";
import { MAX_TASKS, taskAt } from "../sched/task.ts";
import type { QueuedTask } from "./resource.ts";

/** A ring of waiters. */
export interface WaiterRing {
  /** The `list_head` of the lock; undefined if the ring contains only waiters. */
  readonly head: bigint | undefined;
  /** First in line first; in a ring without a head, starting with any waiter. */
  readonly entries: readonly QueuedTask[];
}

/** A type of waiter, with the paths of its list and its task. */
export interface WaiterShape {
  /** The C type, such as `struct mutex_waiter`. */
  readonly type: string;
  /** The member that is the `list_head`. */
  readonly list: string;
  /** The member that is the `task_struct *`. */
  readonly task: string;
  /**
   * The member with the function that is called to wake the waiter, for a type whose entries can belong to something
   * else than a task.
   */
  readonly wake?: string;
}

/** Rings by each of their nodes, so that each ring is followed only once. */
const knownRings = derived("rings of waiters", () => new Map<bigint, WaiterRing>());

/**
 * Returns the ring that contains a waiter. Each node must point to its two neighbors and they to it. A node is a waiter
 * if it is on the stack of its task (or if its wake function is code); else it is the head. @param node the waiter's
 * `list_head` @throws Fault "corrupt" if the links contradict each other, or if more than one node is not a waiter
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
      if (head >= 0) throw Fault.at("corrupt", at, "the list of waiters contains two nodes that are not waiters");
      head = nodes.length;
    }
    nodes.push({ node: at, task: entry === "no task" ? undefined : entry });
    if (nodes.length > MAX_TASKS)
      throw Fault.at("corrupt", node, `the list of waiters has more than ${MAX_TASKS} nodes`);
    const next = kernel.memory.word(at);
    const previous = kernel.memory.word(next + BigInt(kernel.arch.wordSize));
    if (previous !== at)
      throw Fault.at("corrupt", at, `the next waiter is ${hex0x(next)}, whose previous waiter is ${hex0x(previous)}`);
    if (next === node) break;
    at = next;
  }
  const entries = head < 0 ? nodes : [...nodes.slice(head + 1), ...nodes.slice(0, head)];
  const ring: WaiterRing = { head: head < 0 ? undefined : nodes[head]?.node, entries };
  for (const one of entries) rings.set(one.node, ring);
  return ring;
}

/**
 * Returns a function that classifies a node: the task that waits, "no task" for another kind of entry, undefined if it
 * is not a waiter.
 */
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
    return waiting !== 0n && taskOfStack(kernel, node)?.address === waiting ? waiting : undefined;
  };
}
