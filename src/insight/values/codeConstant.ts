/** Finds registers whose value the code itself fixes, such as the address of a global variable. */
import { type Value, wrap64 } from "../../arch/effect.ts";
import type { Site } from "./site.ts";

/** Maximum number of instructions that compute one constant. */
const MAX_DEPTH = 6;

/**
 * Returns the value of a register before an instruction if the code computes it from constants only; undefined for other
 * values. arm64, riscv64 and ppc64le compute the addresses of global variables in this way.
 */
export function codeConstant(site: Site, register: string, index: number, depth = 0): bigint | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const [definition, ...more] = site.graph.definitions(register, index);
  if (definition?.kind !== "instruction" || more.length > 0) return undefined;
  const value = site.graph.effects[definition.index]?.writes.get(register);
  return value && constantOf(value, (name) => codeConstant(site, name, definition.index, depth + 1));
}

/** A value that is read from memory. */
type Load = Extract<Value, { readonly kind: "load" }>;

/**
 * Evaluates a constant, a copy of a register, or a sum, all of 64 bits; undefined for other values.
 * @param register returns the value of a register, undefined if it is not known
 * @param load returns a value in memory; by default it is not known
 */
export function constantOf(
  value: Value,
  register: (name: string) => bigint | undefined,
  load: (value: Load) => bigint | undefined = () => undefined,
): bigint | undefined {
  switch (value.kind) {
    case "constant":
      return value.value;
    case "register":
      return value.bits === 64 ? register(value.name) : undefined;
    case "operation": {
      if (value.operator !== "+" || value.bits !== 64) return undefined;
      const left = constantOf(value.left, register, load);
      const right = left === undefined ? undefined : constantOf(value.right, register, load);
      return left === undefined || right === undefined ? undefined : wrap64(left + right);
    }
    case "load":
      return load(value);
    case "address":
      return undefined;
  }
}
