/** Finds the calls that led to functions on the stack, and the arguments that they passed. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Step } from "../check.ts";
import { functionGraph } from "./functionGraph.ts";
import { calledBy } from "./callTarget.ts";
import { argumentOf, preservedRegisters } from "./passed.ts";
import { type Site, siteOf } from "./site.ts";

/**
 * Returns the call that led to a site's function: the call in the caller's frame or, if the function that it called
 * ended with a jump here (tail call), that jump. Undefined if neither is certain.
 */
export function* callerOf(site: Site): Generator<Step, Site | undefined, void> {
  const found = yield* anyCallerOf(site);
  return found?.otherJumps ? undefined : found;
}

/**
 * As `callerOf`; but if the called function has several jumps to the site's function, returns the first, with the others
 * in `otherJumps`.
 */
export function* anyCallerOf(site: Site): Generator<Step, Site | undefined, void> {
  const { kernel, frame, graph, cpu } = site;
  if (site.caller) return site.caller;
  const { caller } = frame;
  if (!caller || caller.exact || caller.doubt !== undefined) return undefined;
  const found = yield* attempted(siteOf(kernel, caller, cpu));
  const target = found && calledBy(found);
  if (!found || target === undefined) return undefined;
  if (target === graph.symbol.address) return found;
  return yield* tailCall(kernel, found, target, graph.symbol.address);
}

/**
 * Returns the site of a jump to `to` in the function at `from`, with further jumps in `otherJumps`; undefined if there
 * is none.
 */
function* tailCall(kernel: Kernel, caller: Site, from: bigint, to: bigint): Generator<Step, Site | undefined, void> {
  const graph = yield* attempted(functionGraph(kernel, from));
  if (!graph || graph.symbol.address !== from) return undefined;
  const jumps = graph.effects.flatMap(({ flow, target }, index) =>
    (flow === "jump" || flow === "branch") && target === to ? [index] : [],
  );
  const [index, ...more] = jumps;
  if (index === undefined) return undefined;
  const entry = new Map([...preservedRegisters(caller), ...argumentsOf(caller)]);
  const site = { ...caller, graph, index, registers: new Map(), entry, caller };
  return more.length > 0 ? { ...site, otherJumps: more } : site;
}

/** Returns the arguments of a call, as far as the code shows them. */
function argumentsOf(caller: Site): Map<string, bigint> {
  const passed = new Map<string, bigint>();
  for (const register of caller.kernel.arch.argumentRegisters ?? []) {
    const value = argumentOf(caller, register);
    if (value !== undefined) passed.set(register, value);
  }
  return passed;
}

/** Adds to a site the arguments of its function and the call that passed them, if that call is known. */
export function* withEntry(site: Site): Generator<Step, Site, void> {
  const caller = yield* anyCallerOf(site);
  return caller ? { ...site, entry: argumentsOf(caller), calledFrom: caller } : site;
}

/** Returns the result of a job; undefined if it throws a Fault. */
export function* attempted<T>(job: Generator<Step, T, void>): Generator<Step, T | undefined, void> {
  for (;;) {
    const step = attempt(() => job.next());
    if (step instanceof Fault) return undefined;
    if (step.done) return step.value;
    yield step.value;
  }
}
