/** Recovers the arguments of calls on the stack. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Step } from "../check.ts";
import { functionGraph } from "./functionGraph.ts";
import { entryValue, type Site, siteOf, valueAt } from "./site.ts";

/** Returns what a call passed in a register; undefined if the code before the call does not show it. */
export function argumentOf(caller: Site, register: string): bigint | undefined {
  const value = argumentAt(caller, caller.index, register);
  const others = caller.otherJumps ?? [];
  return others.every((index) => argumentAt(caller, index, register) === value) ? value : undefined;
}

/**
 * Returns what an earlier call of a function passed in a register, at the last execution of that call; undefined if the
 * code does not show it. @param site a call of the function that is on the stack @param index of the earlier call
 */
export function argumentAt(caller: Site, index: number, register: string): bigint | undefined {
  const { graph } = caller;
  // A call does not preserve its argument registers, so only the code before it shows their values.
  const before: Site = { ...caller, registers: kept(caller) };
  const [definition, ...more] = graph.definitions(register, index);
  if (!definition || more.length > 0 || definition.kind === "unknown") return undefined;
  if (definition.kind === "entry") return entryValue(before, register);
  const value = graph.effects[definition.index]?.writes.get(register);
  return value && valueAt(before, value, definition.index);
}

/** Returns the registers that a call preserves. */
const kept = ({ kernel, registers }: Site): ReadonlyMap<string, bigint> => {
  const { calleeSaved, sp, framePointer } = kernel.arch;
  return new Map([...registers].filter(([name]) => name === sp || name === framePointer || calleeSaved.includes(name)));
};

/**
 * Returns the call that led to a site's function: the call in the caller's frame or, if the function that it called
 * ended with a jump here (tail call), that jump. Undefined if neither is certain.
 */
export function* callerOf(site: Site): Generator<Step, Site | undefined, void> {
  const found = yield* anyCallerOf(site);
  return found?.otherJumps ? undefined : found;
}

/**
 * Returns the same where a function that ended with a jump has several such jumps: the first, with the others in
 * `otherJumps`.
 */
export function* anyCallerOf(site: Site): Generator<Step, Site | undefined, void> {
  const { kernel, frame, graph, cpu } = site;
  if (site.caller) return site.caller;
  const { caller } = frame;
  if (!caller || caller.exact || caller.doubt !== undefined) return undefined;
  const found = yield* attempted(siteOf(kernel, caller, cpu));
  const target = found?.graph.effects[found.index]?.target;
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
  const entry = new Map([...kept(caller), ...argumentsOf(caller)]);
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

/** Returns the site with the arguments of its function. */
export function* withEntry(site: Site): Generator<Step, Site, void> {
  const caller = yield* anyCallerOf(site);
  return caller ? { ...site, entry: argumentsOf(caller) } : site;
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
