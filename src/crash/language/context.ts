/** Creates the user's context, an immutable value, and applies changes to it. */
import { attempt, Fault } from "../../base/fault.ts";
import { once } from "../../base/once.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Change, Changed, Command, Context, ContextValues, SessionFacts } from "./command.ts";
import { PrintedValues } from "./printedValues.ts";

/** The default task before the user chooses one, and why it is not the intended one. */
interface DefaultTask {
  readonly task: () => Obj;
  readonly fault: () => Fault | undefined;
}

/**
 * Creates a fresh user context.
 * @param commands the built-in commands
 * @param firstTask returns the default task: the panic task if there is one. It is called when the task is first needed
 *   and may throw a Fault.
 * @param firstFault returns why `firstTask` fell back to another task; undefined if it did not
 */
export function createContext(
  kernel: Kernel,
  session: SessionFacts,
  commands: readonly Command[],
  firstTask: () => Obj,
  firstFault: () => Fault | undefined = () => undefined,
): Context {
  const values: ContextValues = {
    kernel,
    commands,
    session,
    radix: 10,
    variables: new Map(),
    aliases: new Map(),
    values: PrintedValues.none,
    ended: false,
  };
  return contextOf(values, { task: once(firstTask), fault: firstFault });
}

const contextOf = (values: ContextValues, first: DefaultTask): Context => ({
  ...values,
  get task() {
    return values.task ?? first.task();
  },
  get taskFault() {
    return values.task ? undefined : first.fault();
  },
  with: (others) => contextOf({ ...values, ...others }, first),
});

/** Returns the context with another current task. */
export const withTask = (context: Context, task: Obj): Context => context.with({ task });

/** Returns the context with the variables of a frame. */
export const withLocals = (context: Context, locals: Context["locals"]): Context => context.with({ locals });

/** Returns the context after the changes, applied in order. */
export const withChanges = (context: Context, changes: readonly Change[]): Context =>
  changes.reduce(withChange, context);

/** Returns the context after one change. */
export function withChange(
  context: Context,
  { task, frame, radix, variables, aliases, value, ended }: Change,
): Context {
  return context.with({
    ...(task && { task, ...(!isCurrent(context, task) && { frame: undefined }) }),
    ...(frame !== undefined && { frame }),
    ...(radix && { radix }),
    ...(variables && { variables: new Map([...context.variables, ...variables]) }),
    ...(aliases && { aliases: withAliases(context.aliases, aliases) }),
    ...(value && { values: context.values.and(value) }),
    ...(ended && { ended }),
  });
}

/** Whether a task is the current one. A fault of the current task means that it is not. */
const isCurrent = (context: Context, task: Obj): boolean => {
  const address = attempt(() => context.task.address);
  return !(address instanceof Fault) && address === task.address;
};

function withAliases(
  known: Context["aliases"],
  others: ReadonlyMap<string, string | undefined>,
): ReadonlyMap<string, string> {
  const all = new Map(known);
  for (const [name, meaning] of others)
    if (meaning === undefined) all.delete(name);
    else all.set(name, meaning);
  return all;
}

/** Wraps a change so that a command can yield it. */
export const changed = (change: Change): Changed => ({ kind: "changed", change });
