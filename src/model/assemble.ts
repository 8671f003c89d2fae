/** Assembles a Kernel from its parts. */
import { Fault } from "../base/fault.ts";
import { sizeOf, type CType } from "../debuginfo/ctype.ts";
import type { Fact, Kernel } from "./kernel.ts";
import { Obj, valueBytes } from "./object.ts";

/** What a session finds or is given; the rest of `Kernel` follows from it. */
export type KernelParts = Pick<
  Kernel,
  "arch" | "memory" | "types" | "symbols" | "code" | "summaries" | "vmcoreinfo" | "cpuNotes"
>;

/** Makes the kernel object from its parts. */
export function assembleKernel(parts: KernelParts): Kernel {
  const known = new Map<Fact<unknown>, { readonly value: unknown } | Fault>();
  const typed = (type: string | CType): CType => (typeof type === "string" ? parts.types.named(type) : type);

  const kernel: Kernel = {
    ...parts,
    variable(name) {
      const symbol = parts.symbols.find(name);
      if (!symbol) {
        const { gap } = parts.symbols;
        throw Fault.of(
          "unknown",
          gap === undefined ? `this kernel has no symbol ${name}` : `no symbol ${name}: ${gap}`,
        );
      }
      const type = parts.types.variable(name);
      if (!type) throw Fault.of("unknown", `the type of ${name} is not known`);
      return kernel.object(sized(type, symbol.size), symbol.address);
    },
    hasVariable: (name) => parts.symbols.find(name) !== undefined && parts.types.variable(name) !== undefined,
    object: (type, address) => new Obj(kernel, typed(type), { kind: "memory", address }),
    value(type, value) {
      const target = typed(type);
      return new Obj(kernel, target, { kind: "bytes", bytes: valueBytes(target, value, parts.arch.byteOrder) });
    },
    memo<T>(fact: Fact<T>): T {
      let answer = known.get(fact);
      if (!answer) known.set(fact, (answer = derive(() => fact.compute(kernel))));
      if (answer instanceof Fault) throw answer;
      return answer.value as T;
    },
  };
  return kernel;
}

/**
 * Returns the type; an array without a length gets the length of its symbol. Needed for `const char linux_banner[]`,
 * which is defined in a file without debuginfo.
 */
function sized(type: CType, size: number): CType {
  if (type.kind !== "array" || type.count !== undefined) return type;
  const element = sizeOf(type.element);
  return element > 0 && size >= element ? { ...type, count: Math.floor(size / element) } : type;
}

function derive(compute: () => unknown): { readonly value: unknown } | Fault {
  try {
    return { value: compute() };
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
