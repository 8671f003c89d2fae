/** The functions of a stack, and the names that an expression may use in one of them. */
import { Fault } from "../../base/fault.ts";
import { pointerTo } from "../../model/expression/arithmetic.ts";
import type { Scope } from "../../model/expression/evaluate.ts";
import type { CodePlace, Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Frame, Stack } from "../../unwind/frame.ts";
import { frameVariables } from "../../unwind/locals.ts";
import { kernelFunction } from "./kernelFunctions.ts";

/** A frame with one of its functions: the function itself or an inlined one. */
export interface NamedFrame {
  readonly frame: Frame;
  /** Undefined without debuginfo. */
  readonly place: CodePlace | undefined;
  /** The function; "?" for code without a symbol. */
  readonly name: string;
}

/** Returns the functions of a stack, innermost first, inlined ones too. */
export const functionsOf = ({ frames }: Stack): readonly NamedFrame[] =>
  frames.flatMap((frame): NamedFrame[] => {
    const places = frame.places();
    if (places.length === 0) return [{ frame, place: undefined, name: frame.symbol?.name ?? "?" }];
    return places.map((place) => ({ frame, place, name: place.function }));
  });

/**
 * Returns a scope with the frame's locals by name, its registers as `$rip`, the kernel's macro `current` as the frame's
 * task, and the functions of the kernel's scripts for gdb.
 * @param place the function of the frame whose locals are visible; undefined without debuginfo
 */
export function frameScope(
  kernel: Kernel,
  frame: Frame | undefined,
  place: CodePlace | undefined,
  task: Obj | undefined,
): Scope {
  const named = (name: string): Obj | undefined => {
    const local = name.startsWith("$")
      ? frame && registerOf(kernel, frame, name.slice(1))
      : frame && place && localOf(kernel, frame, place, name);
    if (local || name !== "current") return local;
    return task && kernel.value("struct task_struct *", task.address);
  };
  return Object.assign(named, {
    call: (name: string, values: readonly Obj[]) => kernelFunction(kernel, task, name, values),
  });
}

/** Returns a register, also by gdb's names `$pc`, `$sp` and `$fp`; undefined if the frame does not know it. */
function registerOf(kernel: Kernel, { registers }: Frame, name: string): Obj | undefined {
  const { pc, sp, framePointer } = kernel.arch;
  const known = registers.has(name) ? name : { pc, sp, fp: framePointer }[name];
  const register = known === undefined ? undefined : registers.get(known);
  if (register === undefined) return undefined;
  // gdb's type of the program counter: a pointer to a function of unknown parameters.
  if (known === pc) return kernel.value(pointerTo(kernel, CODE), register);
  return kernel.value(known === sp || known === framePointer ? "void *" : "unsigned long", register);
}

const CODE = { kind: "function", returns: { kind: "void" }, parameters: [], variadic: true } as const;

/** @throws Fault if the variable has no value there */
function localOf(kernel: Kernel, frame: Frame, place: CodePlace, name: string): Obj | undefined {
  const variable = frameVariables(kernel, frame, place).find((one) => one.name === name);
  if (variable?.value instanceof Fault) throw variable.value;
  return variable?.value;
}
