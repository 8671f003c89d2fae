/** Finds the argument by which a caller passed a value. */
import type { Effect } from "../../arch/effect.ts";
import type { Step } from "../check.ts";
import { callerOf } from "./calls.ts";
import { argumentOf } from "./passed.ts";
import { type Expression, originExpression } from "./expression.ts";
import type { Site } from "./site.ts";

/** A caller whose code shows that it passed a value. */
export interface Passer {
  readonly caller: Site;
  /** Number of the argument, from 0. */
  readonly argument: number;
  /** The argument in the caller's source, if debuginfo has it. */
  readonly expression: Expression | undefined;
  /** The call instruction. */
  readonly call: Effect | undefined;
}

/** Returns the caller of a site if its code shows that it passed the value as an argument. */
export function* passerOf(site: Site, value: bigint): Generator<Step, Passer | undefined, void> {
  const caller = yield* callerOf(site);
  if (!caller) return undefined;
  const registers = site.kernel.arch.argumentRegisters ?? [];
  const argument = registers.findIndex((register) => argumentOf(caller, register) === value);
  const register = registers[argument];
  if (register === undefined) return undefined;
  const expression = originExpression(caller, register, caller.index);
  return { caller, argument, expression, call: caller.graph.effects[caller.index] };
}
