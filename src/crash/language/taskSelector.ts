/** Selects tasks by pid, address, name or regular expression. */
import { regularExpression } from "../../base/regularExpression.ts";
import { attempt, type Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import { taskAt, taskComm, tasksByPid, taskTable } from "../../linux/sched/task.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Context, Word } from "./command.ts";
import { missingTypes } from "./missingTypes.ts";
import { decimalNumber, hexNumber } from "./number.ts";
import { faultPiece, type Pieces, text } from "../../say/piece.ts";

/**
 * Returns the tasks of one word: a decimal pid (several tasks only for 0, the idle tasks), or a hexadecimal task_struct
 * address. Empty for other words. As in crash, a number that is not a pid is tried as an address and as a hexadecimal
 * pid.
 * @throws Fault of kind unknown when the session has no types
 */
export function tasksOf(context: Context, word: string): readonly Obj[] {
  const { kernel } = context;
  const fault = missingTypes(context);
  if (fault) throw fault;
  const byPid = tasksByPid(kernel);
  const decimal = decimalNumber(word);
  const tasks = decimal === undefined ? undefined : byPid.get(Number(decimal));
  if (tasks) return tasks;
  const value = hexNumber(word);
  if (value === undefined) return [];
  const task = taskAt(kernel, value);
  if (task) return [task];
  return decimal === undefined && value < 1n << 31n ? (byPid.get(Number(value)) ?? []) : [];
}

/**
 * Returns the error for a word that names no task: a UsageError, or a Fault if the list of tasks is cut short and may
 * be missing the task.
 */
export function noSuchTask({ kernel }: Context, word: string): UsageError | Fault {
  const { fault } = taskTable(kernel);
  if (fault) return fault.within(`no task ${word} was found, but the list of tasks could not be followed to its end`);
  return new UsageError(`invalid task or pid value: ${word}`);
}

/** Reports why the list of tasks may be incomplete; printed after a list of all tasks. */
export function* missingTasks(kernel: Kernel, prefix: string): Pieces {
  const { fault, note } = taskTable(kernel);
  if (fault) yield faultPiece(fault.within("list of tasks"), prefix);
  else if (note !== undefined) yield text([{ as: "dim", text: `${prefix}${note}` }]);
}

/**
 * Returns the tasks that the words name, in the words' order; the current task if there are no words.
 * @throws UsageError for a word that names no task; Fault when the list of tasks is incomplete
 */
export function selectTasks(context: Context, words: readonly string[]): readonly Obj[] {
  if (words.length === 0) return [context.task];
  return words.flatMap((word) => {
    const tasks = tasksOf(context, word);
    if (tasks.length === 0) throw noSuchTask(context, word);
    return tasks;
  });
}

/**
 * Returns the tasks with a pid, address or name, or whose name matches 'a regular expression' in single quotes. A
 * backslash before a name prevents any other reading. Empty if no task matches.
 */
export function tasksMatching(context: Context, { text, quote }: Word): readonly Obj[] {
  const isEscaped = quote === undefined && text.startsWith("\\");
  const named = quote === undefined && !isEscaped ? tasksOf(context, text) : [];
  if (named.length > 0) return named;
  const isCalled = quote === "'" ? byPattern(text) : byName(isEscaped ? text.slice(1) : text);
  return taskTable(context.kernel).tasks.filter((task) => {
    const comm = attempt(() => taskComm(task));
    return typeof comm === "string" && isCalled(comm);
  });
}

/** Length of task names in the kernel (TASK_COMM_LEN - 1). Longer names in the user's input are cut to it. */
const COMM_LENGTH = 15;
const byName = (name: string) => (comm: string) => comm === name.slice(0, COMM_LENGTH);

function byPattern(pattern: string): (comm: string) => boolean {
  const regex = regularExpression(pattern);
  if (!regex) throw new UsageError(`invalid regular expression: ${pattern}`);
  return (comm) => regex.test(comm);
}
