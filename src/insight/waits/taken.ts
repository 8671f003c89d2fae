/** Finds out whether a function on a stack has taken a lock and not released it. */
import { attempt, Fault } from "../../base/fault.ts";
import { plainName } from "../../log/place.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { Step } from "../check.ts";
import { attempted, withEntry } from "../values/calls.ts";
import { argumentAt } from "../values/passed.ts";
import { functionGraph } from "../values/functionGraph.ts";
import { type Site, siteOf } from "../values/site.ts";
import { calledName, callsOf, LOCK_CALLS, type LockCalls } from "./lockCalls.ts";

/** How a function on a stack has taken a lock. */
export interface Taken {
  /**
   * "argument": its code passes this lock to the call that takes it. "stack": the code does not show which lock it
   * passes, but this lock's address is on the stack up to the frame.
   */
  readonly by: "argument" | "stack";
  /** The function, without suffixes of compilers. */
  readonly function: string;
  /** Whether the code releases locks of this kind by calls, so that a missing call is meaningful. */
  readonly releases: boolean;
  /** Whether the lock is only taken if it is free, so that the function can have gone on without it. */
  readonly isConditional: boolean;
}

/**
 * Returns how the function of a frame has taken a lock; undefined if it has not. @param isMentioned whether the stack up
 * to a frame contains the lock's address
 */
export function* takenIn(
  kernel: Kernel,
  frame: Frame,
  lock: bigint,
  calls: LockCalls,
  isMentioned: (frame: Frame) => boolean,
): Generator<Step, Taken | undefined, void> {
  const graph = yield* attempted(functionGraph(kernel, frame.exact ? frame.pc : frame.pc - 1n));
  if (!graph || callsOf(graph, calls.take).length === 0) return undefined;
  const plain = yield* attempted(siteOf(kernel, frame, undefined));
  const site = plain && ((yield* attempted(withEntry(plain))) ?? plain);
  return site && takenAt(site, lock, calls, () => isMentioned(frame));
}

/**
 * Returns how the function of a site has taken a lock; undefined if it has not. One of its calls must have taken this
 * lock, and a path must lead from there to the site without a call that releases the lock.
 */
export function takenAt(site: Site, lock: bigint, calls: LockCalls, isMentioned: () => boolean): Taken | undefined {
  const { kernel, graph } = site;
  const register = kernel.arch.argumentRegisters?.[0];
  if (register === undefined) return undefined;
  const isReleasing = (index: number): boolean => {
    if (!calls.release.test(calledName(graph, index))) return false;
    const argument = argumentAt(site, index, register);
    return argument === undefined || argument === lock;
  };
  const held = callsOf(graph, calls.take).filter(
    (index) => index !== site.index && graph.leads(index, site.index, isReleasing),
  );
  const passed = held.map((index) => ({ index, lock: argumentAt(site, index, register) }));
  const shown = passed.filter((one) => one.lock === lock);
  const by = shown.length > 0 ? "argument" : passed.some((one) => one.lock === undefined) && isMentioned() ? "stack" : undefined; // prettier-ignore
  if (by === undefined) return undefined;
  const isConditional = shown.every(({ index }) => calledName(graph, index).includes("try"));
  const releases = graph.effects.some((_, index) => calls.release.test(calledName(graph, index)));
  return { by, function: plainName(graph.symbol.name), releases, isConditional };
}

/**
 * The first and the last function, and the functions that take semaphores for reading, found in one pass over all
 * symbols: a kernel has about 200,000.
 */
export const codeSymbols = derived("first and last function, and those that take semaphores for reading", (kernel) => {
  const readTakers = new Set<bigint>();
  let [first, last] = [-1n, 0n];
  for (const { name, address, type } of kernel.symbols.all()) {
    if (!/^[tTwW]$/.test(type ?? "t")) continue;
    if (first < 0n || address < first) first = address;
    if (address > last) last = address;
    // This check comes first because it is faster than the regular expression.
    if (/down_read|downgrade_write/.test(name) && LOCK_CALLS.read.take.test(plainName(name))) readTakers.add(address);
  }
  return { first, last, readTakers };
});

/** Maximum number of bytes of code that are searched for calls, as of a decoded function. */
const MAX_BYTES = 1 << 16;

/**
 * Returns whether the function at an address takes semaphores for reading. Functions that cannot be decoded take none.
 */
export function* takesReading(kernel: Kernel, address: bigint): Generator<Step, boolean, void> {
  const symbol = kernel.symbols.at(address);
  const { arch } = kernel;
  if (symbol && arch.mayCall) {
    const code = attempt(() => kernel.memory.read(symbol.address, Math.min(symbol.size, MAX_BYTES)));
    if (code instanceof Fault || !arch.mayCall(code, symbol.address, codeSymbols(kernel).readTakers)) return false;
  }
  const graph = yield* attempted(functionGraph(kernel, address));
  return graph !== undefined && callsOf(graph, LOCK_CALLS.read.take).length > 0;
}
