/** Selects the task that a tool is about. */
import { z } from "zod";
import { UsageError } from "../base/usageError.ts";
import type { Context } from "../crash/language/command.ts";
import { noSuchTask, tasksMatching } from "../crash/language/taskSelector.ts";
import type { Obj } from "../model/object.ts";

/** The argument that names a task. */
export const taskInput = z
  .string()
  .max(64)
  .optional()
  .describe("pid, address of the task_struct, or name; default: the task that panicked");

/** Returns the task that a word names. @throws UsageError if it names none or several; Fault */
export function oneTask(context: Context, word: string | undefined): Obj {
  if (word === undefined || word === "") return context.task;
  const [task, ...others] = tasksMatching(context, { text: word, quote: undefined, start: 0 });
  if (!task) throw noSuchTask(context, word);
  if (others.length > 0)
    throw new UsageError(`${word} names ${others.length + 1} tasks: give the address of a task_struct`);
  return task;
}
