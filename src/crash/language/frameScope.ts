/** The names that an expression may use in a frame of a stack. */
import { Fault } from "../../base/fault.ts";
import type { Scope } from "../../model/expression/evaluate.ts";
import type { CodePlace, Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Frame } from "../../unwind/frame.ts";
import { frameVariables } from "../../unwind/locals.ts";

/**
 * Returns a scope with the frame's locals by name, its registers as `$rip`, and the kernel's macro `current` as the
 * frame's task.
 * @param place the function of the frame whose locals are visible; undefined without debuginfo
 */
export function frameScope(
  kernel: Kernel,
  frame: Frame | undefined,
  place: CodePlace | undefined,
  task: Obj | undefined,
): Scope {
  return (name) => {
    const local = name.startsWith("$")
      ? frame && registerOf(kernel, frame, name.slice(1))
      : frame && place && localOf(kernel, frame, place, name);
    if (local || name !== "current") return local;
    return task && kernel.value("struct task_struct *", task.address);
  };
}

function registerOf(kernel: Kernel, frame: Frame, name: string): Obj | undefined {
  const register = frame.registers.get(name);
  if (register === undefined) return undefined;
  const { pc, sp, framePointer } = kernel.arch;
  return kernel.value([pc, sp, framePointer].includes(name) ? "void *" : "unsigned long", register);
}

/** @throws Fault if the variable has no value there */
function localOf(kernel: Kernel, frame: Frame, place: CodePlace, name: string): Obj | undefined {
  const variable = frameVariables(kernel, frame, place).find((one) => one.name === name);
  if (variable?.value instanceof Fault) throw variable.value;
  return variable?.value;
}
