/** Finds the calls on a task's stack that took a lock. */
import { attempting, Fault } from "../../base/fault.ts";
import type { ResourceKind } from "../../linux/locks/resource.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import { taskCpu } from "../../linux/sched/task.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { Step } from "../check.ts";
import { type SourcePlace, sourceOf } from "../source.ts";
import { withEntry } from "../values/calls.ts";
import { registerAt, type Site, siteOf } from "../values/site.ts";
import { callsOf, LOCK_CALLS, type LockCalls } from "./lockCalls.ts";

/** A call that took a lock. It is likely, not certain: another path through the function may have been run. */
export interface Taking {
  /** Address of the call instruction. */
  readonly address: bigint;
  /** The function that contains the call, and the one that it calls. */
  readonly function: string;
  readonly callee: string;
  /** Undefined without DWARF. */
  readonly source: SourcePlace | undefined;
}

/** Maximum number of frames that are searched. */
const MAX_FRAMES = 32;

/** A lock that can be taken: its kind and address. */
export interface Lock {
  readonly kind: ResourceKind;
  readonly address: bigint;
}

/**
 * Returns the calls that took a lock, in the innermost MAX_FRAMES frames of a task. A frame whose code cannot be followed
 * is skipped.
 */
export function* takings(kernel: Kernel, task: Obj<"struct task_struct">, lock: Lock): Generator<Step, Taking[], void> {
  const found: Taking[] = [];
  for (const frame of stackTrace(kernel, task).frames.slice(0, MAX_FRAMES)) {
    const site = yield* attempting(siteWithEntry(kernel, frame, taskCpu(task)));
    if (site instanceof Fault) continue;
    found.push(...takingCalls(site, lock).map((index) => takingAt(site, index)));
  }
  return found;
}

/**
 * Returns the indices of the calls that passed a lock to a function that takes it, and from which the site can be
 * reached without another call that takes or releases the lock.
 */
export function takingCalls(site: Site, { kind, address }: Lock): number[] {
  const names = (LOCK_CALLS as Partial<Record<ResourceKind, LockCalls>>)[kind];
  const [argument] = site.kernel.arch.argumentRegisters ?? [];
  if (!names || argument === undefined) return [];
  const passes = (index: number): boolean => index !== site.index && registerAt(site, argument, index) === address;
  const taken = callsOf(site.graph, names.take).filter(passes);
  if (taken.length === 0) return [];
  const later = new Set([...taken, ...callsOf(site.graph, names.release).filter(passes)]);
  return taken.filter((index) => site.graph.leads(index, site.index, (at) => later.has(at)));
}

function* siteWithEntry(kernel: Kernel, frame: Frame, cpu: number): Generator<Step, Site, void> {
  return yield* withEntry(yield* siteOf(kernel, frame, cpu));
}

function takingAt({ kernel, graph }: Site, index: number): Taking {
  const { address = 0n, target = 0n } = graph.effects[index] ?? {};
  return {
    address,
    function: graph.symbol.name,
    callee: kernel.symbols.at(target)?.name ?? "?",
    source: sourceOf(kernel, address),
  };
}
