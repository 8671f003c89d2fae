/** The user's context as a value: what a command changes for those after it makes another context. */
import type { Fault } from "../../base/fault.ts";
import { once } from "../../base/once.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Change, Changed, Command, Context, ContextValues, SessionFacts } from "./command.ts";
import { PrintedValues } from "./printedValues.ts";

/** The task that is current until the user chooses one, and why it only stands in for the one meant. */
interface First {
  readonly task: () => Obj;
  readonly fault: () => Fault | undefined;
}

/**
 * A fresh user context.
 * @param commands the built-in commands
 * @param firstTask the task to start at, the panicking one if there is one; called when first needed. @throws Fault
 * @param firstFault why that task only stands in for the one meant
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

const contextOf = (values: ContextValues, first: First): Context => ({
  ...values,
  get task() {
    return values.task ?? first.task();
  },
  get taskFault() {
    return values.task ? undefined : first.fault();
  },
  with: (others) => contextOf({ ...values, ...others }, first),
});

/** The context at another task. */
export const withTask = (context: Context, task: Obj): Context => context.with({ task });

/** The context with the variables of a frame. */
export const withLocals = (context: Context, locals: Context["locals"]): Context => context.with({ locals });

/** The context after what commands changed, in their order. */
export const withChanges = (context: Context, changes: readonly Change[]): Context =>
  changes.reduce(withChange, context);

/** The context after one change. */
export function withChange(context: Context, { task, radix, variables, aliases, value, ended }: Change): Context {
  return context.with({
    ...(task && { task }),
    ...(radix && { radix }),
    ...(variables && { variables: new Map([...context.variables, ...variables]) }),
    ...(aliases && { aliases: withAliases(context.aliases, aliases) }),
    ...(value && { values: context.values.and(value) }),
    ...(ended && { ended }),
  });
}

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

/** A change as a command yields it. */
export const changed = (change: Change): Changed => ({ kind: "changed", change });
