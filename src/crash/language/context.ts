import type { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Command, Context, SessionFacts } from "./command.ts";

/**
 * A fresh user context.
 * @param commands the built-in commands
 * @param firstTask the task to start at, the panicking one if there is one; asked when first needed. @throws Fault
 * @param firstFault why that task only stands in for the one meant
 */
export function createContext(
  kernel: Kernel,
  session: SessionFacts,
  commands: readonly Command[],
  firstTask: () => Obj,
  firstFault: () => Fault | undefined = () => undefined,
): Context {
  let task: Obj | undefined;
  let isChosen = false;
  return {
    kernel,
    commands,
    session,
    get task() {
      return (task ??= firstTask());
    },
    set task(chosen) {
      task = chosen;
      isChosen = true;
    },
    get taskFault() {
      return isChosen ? undefined : firstFault();
    },
    radix: 10,
    variables: new Map(),
    aliases: new Map(),
    values: [],
    ended: false,
  };
}

/** A context of its own with other values in some places; the rest is what the given one has now. */
function changed(context: Context, values: PropertyDescriptorMap): Context {
  // Accessors are copied as such: a task is found when it is first needed.
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(context), ...values }) as Context;
}

const own = (value: unknown): PropertyDescriptor => ({ value, writable: true, enumerable: true });

/** The context at another task: what a command sets there is lost with it. */
export const withTask = (context: Context, task: Obj): Context =>
  changed(context, { task: own(task), taskFault: own(undefined) });

/** The context with the variables of a frame. A task that is set there is set in the given context as well. */
export const withLocals = (context: Context, locals: Context["locals"]): Context =>
  changed(context, { locals: own(locals) });

/** A context that a command may change without a trace in the given one: neither task nor radix nor `$1`. */
export function apart(context: Context): Context {
  let chosen: Obj | undefined;
  const task = { get: () => chosen ?? context.task, set: (other: Obj) => (chosen = other), enumerable: true };
  return changed(context, { task, ended: own(false), values: own([]) });
}
