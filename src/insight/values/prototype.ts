/** Finds the types of functions. */
import { attempt, Fault } from "../../base/fault.ts";
import { bare, type CType } from "../../debuginfo/ctype.ts";
import { plainName } from "../../log/place.ts";
import type { Kernel } from "../../model/kernel.ts";

/**
 * Returns a function's type by its name; undefined if no type source has it, and for a function with a compiler suffix,
 * because the compiler may have changed its parameters.
 */
export function prototype(kernel: Kernel, name: string): Extract<CType, { kind: "function" }> | undefined {
  if (plainName(name) !== name) return undefined;
  const type = attempt(() => kernel.types.function(name));
  const found = type instanceof Fault || !type ? undefined : bare(type);
  return found?.kind === "function" ? found : undefined;
}
