import { Fault } from "../base/fault.ts";
import type { Scope } from "../model/expression/evaluate.ts";
import { frameVariables } from "../unwind/locals.ts";
import type { Row } from "./frames.ts";
import type { Target } from "./target.ts";

/** The frame's locals by name, its registers as `$rip`. */
export function scopeOf({ kernel }: Target, row: Row | undefined): Scope {
  return (name) => {
    if (!row?.frame) return undefined;
    const register = name.startsWith("$") ? row.frame.registers.get(name.slice(1)) : undefined;
    if (register !== undefined) {
      const { pc, sp, framePointer } = kernel.arch;
      return kernel.value([pc, sp, framePointer].includes(name.slice(1)) ? "void *" : "unsigned long", register);
    }
    if (!row.place) return undefined;
    const variable = frameVariables(kernel, row.frame, row.place).find((one) => one.name === name);
    if (variable?.value instanceof Fault) throw variable.value;
    return variable?.value;
  };
}
