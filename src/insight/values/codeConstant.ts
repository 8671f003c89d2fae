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
  return value && constantOf(site, value, definition.index, depth + 1);
}

function constantOf(site: Site, value: Value, index: number, depth: number): bigint | undefined {
  switch (value.kind) {
    case "constant":
      return value.value;
    case "register":
      return value.bits === 64 ? codeConstant(site, value.name, index, depth) : undefined;
    case "operation": {
      if (value.operator !== "+" || value.bits !== 64) return undefined;
      const left = constantOf(site, value.left, index, depth);
      const right = left === undefined ? undefined : constantOf(site, value.right, index, depth);
      return left === undefined || right === undefined ? undefined : wrap64(left + right);
    }
    case "load":
    case "address":
      return undefined;
  }
}
