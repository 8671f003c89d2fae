/** The frame of the current task's stack that `frame`, `up` and `down` select. */
import { attempt, Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import type { Scope } from "../../model/expression/evaluate.ts";
import type { Stack } from "../../unwind/frame.ts";
import type { Context } from "./command.ts";
import { frameScope, functionsOf, type NamedFrame } from "./frameScope.ts";

/** A stack with gdb's numbers of its functions: 0 is the innermost one, and inlined ones count. */
export interface NumberedStack {
  readonly stack: Stack;
  readonly functions: readonly NamedFrame[];
}

/** Returns the stack of the current task. @throws Fault if it has no frames */
export function currentStack({ kernel, task }: Context): NumberedStack {
  const stack = stackTrace(kernel, task);
  const functions = functionsOf(stack);
  if (functions.length === 0) throw stack.fault ?? Fault.of("unknown", "the task has no kernel stack");
  return { stack, functions };
}

/** A function of a stack with its number. */
export interface NumberedFrame extends NamedFrame {
  readonly number: number;
  readonly all: readonly NamedFrame[];
}

/** Returns the selected function; the innermost one if none was selected. @throws Fault if the stack has no frames */
export const selectedFrame = (context: Context): NumberedFrame =>
  frameNumbered(currentStack(context).functions, context.frame ?? 0);

/** Returns a function of a stack by its number. @throws UsageError if there is none */
export function frameNumbered(functions: readonly NamedFrame[], number: number): NumberedFrame {
  const found = functions[number];
  if (!found)
    throw new UsageError(`No frame at level ${number}: the stack has the frames 0 to ${functions.length - 1}.`);
  return { ...found, number, all: functions };
}

/** Returns the names of the selected frame; those of the task alone if it has no stack. */
export function selectedScope(context: Context): Scope | undefined {
  const frame = attempt(() => selectedFrame(context));
  const task = attempt(() => context.task);
  const known = frame instanceof Fault ? undefined : frame;
  return frameScope(context.kernel, known?.frame, known?.place, task instanceof Fault ? undefined : task);
}
