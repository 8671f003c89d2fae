import { regularExpression } from "../../base/regularExpression.ts";
import { attempt, type Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import { taskAt, taskComm, tasksByPid, taskTable } from "../../linux/sched/task.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Context, Word } from "./command.ts";
import { lackingTypes } from "./lacking.ts";
import { decimalNumber, hexNumber } from "./number.ts";
import { faultPiece, type Pieces, text } from "../../say/piece.ts";

/**
 * Tasks of one word: a decimal pid (several tasks only for 0, the idle ones), or a hexadecimal task_struct address;
 * empty for what is neither. As in crash a number that is no pid is tried as an address and as a hexadecimal pid.
 * @throws Fault unknown without any types
 */
export function tasksOf(context: Context, word: string): readonly Obj[] {
  const { kernel } = context;
  const lacking = lackingTypes(context);
  if (lacking) throw lacking;
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

/** A word names no task: the user's mistake, unless the list of tasks breaks off and it may lie behind. */
export function noSuchTask({ kernel }: Context, word: string): UsageError | Fault {
  const { fault } = taskTable(kernel);
  if (fault) return fault.within(`no task ${word} was found, but the list of tasks could not be followed to its end`);
  return new UsageError(`invalid task or pid value: ${word}`);
}

/** Why there may be tasks that are not listed: behind the list of all of them. */
export function* missingTasks(kernel: Kernel, prefix: string): Pieces {
  const { fault, note } = taskTable(kernel);
  if (fault) yield faultPiece(fault.within("list of tasks"), prefix);
  else if (note !== undefined) yield text([{ as: "dim", text: `${prefix}${note}` }]);
}

/**
 * The tasks that words name, in the words' order; the context's own task for no words.
 * @throws UsageError for a word that names none; Fault when the tasks are not all known
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
 * Tasks by pid, address, name, or 'regular expression' in single quotes; a backslash before a name keeps it from
 * being read as anything else. Empty when none is so called.
 */
export function tasksMatching(context: Context, { text, quote }: Word): readonly Obj[] {
  const escaped = quote === undefined && text.startsWith("\\");
  const named = quote === undefined && !escaped ? tasksOf(context, text) : [];
  if (named.length > 0) return named;
  const isCalled = quote === "'" ? byPattern(text) : byName(escaped ? text.slice(1) : text);
  return taskTable(context.kernel).tasks.filter((task) => {
    const comm = attempt(() => taskComm(task));
    return typeof comm === "string" && isCalled(comm);
  });
}

/** The kernel cuts names off at 15 characters (TASK_COMM_LEN), users often do not. */
const COMM_LENGTH = 15;
const byName = (name: string) => (comm: string) => comm === name.slice(0, COMM_LENGTH);

function byPattern(pattern: string): (comm: string) => boolean {
  const regex = regularExpression(pattern);
  if (!regex) throw new UsageError(`invalid regular expression: ${pattern}`);
  return (comm) => regex.test(comm);
}
