import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Context, SessionFacts } from "./command.ts";

/**
 * A fresh user context.
 * @param firstTask the task to start at, the panicking one if there is one; asked when first needed. @throws Fault
 */
export function createContext(kernel: Kernel, session: SessionFacts, firstTask: () => Obj): Context {
  let task: Obj | undefined;
  return {
    kernel,
    session,
    get task() {
      return (task ??= firstTask());
    },
    set task(chosen) {
      task = chosen;
    },
    radix: 10,
    variables: new Map(),
    aliases: new Map(),
    values: [],
    ended: false,
  };
}
