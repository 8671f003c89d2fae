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
