/** Names that an expression may use in a frame. */
import { Fault } from "../../base/fault.ts";
import type { Scope } from "../../model/expression/evaluate.ts";
import { frameVariables } from "../../unwind/locals.ts";
import type { Obj } from "../../model/object.ts";
import type { FrameRow } from "../frames.ts";
import type { Target } from "../target.ts";

/**
 * Returns a scope with the frame's locals by name, its registers as `$rip`, and the kernel's macro `current` as the
 * frame's task.
 */
export function scopeOf(target: Target, row: FrameRow | undefined): Scope {
  return (name) => {
    const local = name.startsWith("$") ? registerOf(target, row, name.slice(1)) : localOf(target, row, name);
    return local ?? (name === "current" ? currentOf(target, row) : undefined);
  };
}

function registerOf({ kernel }: Target, row: FrameRow | undefined, name: string): Obj | undefined {
  const register = row?.frame?.registers.get(name);
  if (register === undefined) return undefined;
  const { pc, sp, framePointer } = kernel.arch;
  return kernel.value([pc, sp, framePointer].includes(name) ? "void *" : "unsigned long", register);
}

function localOf({ kernel }: Target, row: FrameRow | undefined, name: string): Obj | undefined {
  if (!row?.frame || !row.place) return undefined;
  const variable = frameVariables(kernel, row.frame, row.place).find((one) => one.name === name);
  if (variable?.value instanceof Fault) throw variable.value;
  return variable?.value;
}

function currentOf({ kernel, threads }: Target, row: FrameRow | undefined): Obj | undefined {
  const { task } = row?.thread ?? threads.first();
  return task && kernel.value("struct task_struct *", task.address);
}
