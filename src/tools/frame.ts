/** Selects a frame of a stack by its function or its number. */
import { UsageError } from "../base/usageError.ts";
import type { Context } from "../crash/language/command.ts";
import { withLocals, withTask } from "../crash/language/context.ts";
import { frameScope, functionsOf, type NamedFrame } from "../crash/language/frameScope.ts";
import { printedStack } from "../linux/sched/stoppedStack.ts";
import { plainName } from "../log/place.ts";
import type { Stack } from "../unwind/frame.ts";
import { oneTask } from "./task.ts";

/** Returns the innermost frame of a function, or the frame with a number. @throws UsageError if there is none */
export function frameNamed(stack: Stack, word: string): NamedFrame {
  const all = functionsOf(stack);
  const found = /^\d+$/.test(word)
    ? all[Number(word)]
    : (all.find(({ name }) => name === word) ?? all.find(({ name }) => plainName(name) === plainName(word)));
  if (!found) throw new UsageError(`${word}: no such frame; the stack has ${all.map(({ name }) => name).join(", ")}`);
  return found;
}

/**
 * Returns the context with a task and the names of a frame of its stack, for expressions.
 * @param word names the task; undefined for the default task
 * @param frame names the frame; undefined for no locals and registers
 * @returns also the function of the frame
 * @throws UsageError if there is no such task or frame; Fault
 */
export function inFrame(
  context: Context,
  word: string | undefined,
  frame: string | undefined,
): { readonly context: Context; readonly name?: string } {
  if (word === undefined && frame === undefined) return { context };
  const { kernel } = context;
  const task = oneTask(context, word);
  const chosen = frame === undefined ? undefined : frameNamed(printedStack(kernel, task), frame);
  const locals = frameScope(kernel, chosen?.frame, chosen?.place, task);
  return { context: withLocals(withTask(context, task), locals), ...(chosen && { name: chosen.name }) };
}
