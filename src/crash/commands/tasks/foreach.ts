/** The `foreach` command: runs commands for many tasks. */
import { attempt } from "../../../base/fault.ts";
import { hex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { runningOn } from "../../../linux/sched/cpu.ts";
import { isKernelThread, taskPid, taskTable, taskTgid } from "../../../linux/sched/task.ts";
import { TASK_STATES, taskState } from "../../../linux/sched/taskState.ts";
import type { Obj } from "../../../model/object.ts";
import { command, type Command, type Context, type Option, type Word } from "../../language/command.ts";
import { withTask } from "../../language/context.ts";
import { runCommand, withoutChanges } from "../../language/language.ts";
import { parseOptions, words as wordsOf } from "../../language/parse.ts";
import { text, type Pieces } from "../../../say/piece.ts";
import { taskHeading } from "../../say/taskHeading.ts";
import { missingTasks, noSuchTask, tasksMatching } from "../../language/taskSelector.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import { listTasks, ps } from "./ps/ps.ts";

/** Commands that run once per task, with it as the current task. */
const EACH: readonly string[] = ["bt", "files", "net", "set", "sig", "task", "vm", "vtop"];
/** Commands that run once, with all tasks as arguments. */
const ONCE: readonly string[] = ["ps"];
const isCommand = ({ text, quote }: Word): boolean =>
  quote === undefined && (EACH.includes(text) || ONCE.includes(text));

const STATES: readonly string[] = TASK_STATES;

/** The words that select a kind of task. */
const KINDS: Readonly<Record<string, (task: Obj) => boolean>> = {
  kernel: isKernelThread,
  user: (task) => !isKernelThread(task),
  gleader: (task) => !isKernelThread(task) && taskPid(task) === taskTgid(task),
  active: (task) => runningOn(task.kernel, task) !== undefined,
};

export const foreach = command({
  name: "foreach",
  readsOnly: true,
  summary: "run a command for each of many tasks",
  usage: "[[pid | taskp | name | state | [kernel | user | gleader | active]] ...]\ncommand [flag] [argument]",
  takesExpression: true,
  options: [],
  description: `Runs a command for every task, or for the selected ones: by pid, by task_struct address, by name, by 'regular expression' in single quotes, by state (${TASK_STATES.join(" ")}), and by kind. States and kinds restrict the tasks that pids and names select. Write a backslash before a task name that is also a word of this command.

The commands are ${[...EACH, ...ONCE].sort().join(" ")}. Several commands can be given; each flag goes to the commands that have it, arguments go to all. An error for one task is reported, and the command continues with the next task.`,
  examples: [
    { line: "foreach bt", shows: "The stack of every task." },
    { line: "foreach UN bt", shows: "The stacks of tasks that wait uninterruptibly." },
    { line: "foreach 'kworker.*' task -R prio", shows: "A member of the task_struct of every matching task." },
  ],
  needs: ["types", "tasks"],
  *run(context, { line }) {
    const all = wordsOf(line);
    const first = all.findIndex(isCommand);
    if (first < 0) {
      const unknown = all[0];
      throw new WrongUse(unknown ? `no command for each task in: ${line.trim()}` : "a command is missing");
    }
    const tasks = chosen(context, all.slice(0, first));
    const rest = all.findIndex((word, i) => i > first && !isCommand(word));
    const names = all.slice(first, rest < 0 ? undefined : rest).map((word) => word.text);
    const more = rest < 0 ? "" : line.slice(all[rest]?.start);
    for (const name of names) {
      if (!ONCE.includes(name)) continue;
      // Without an address, `ps` would list all tasks.
      const own = ownFlags(context.commands, name, names, more);
      if (tasks.length === 0) yield* listTasks(context, parseOptions(ps, own), []);
      else yield* runAlone(context, `${name} ${own} ${tasks.map(({ address }) => hex(address)).join(" ")}`);
    }
    const each = names.filter((name) => EACH.includes(name));
    const wantsSockets = /(?:^|\s)-\w*[sS]/.test(more);
    if (each.includes("net") && !wantsSockets) yield text("WARNING: net command requires -s or -S option", "");
    // Without -s, `net` shows devices, which do not belong to a task.
    const lines = each.map((name) => {
      const own = ownFlags(context.commands, name, names, more);
      return `${name === "net" && !wantsSockets ? "net -s" : name} ${own}`;
    });
    if (each.length > 0) yield* runForAll(context, tasks, lines);
    yield* missingTasks(context.kernel, "foreach: ");
  },
});

/**
 * Returns the flags and arguments of `more` that are for the command `name`; flags that only other commands have are
 * left out. A flag that no command has is kept, so that the command refuses it.
 */
function ownFlags(commands: readonly Command[], name: string, names: readonly string[], more: string): string {
  if (names.length === 1) return more;
  const option = (command: string, flag: string): Option | undefined =>
    commands.find((one) => one.name === command)?.options.find((one) => one.flag === flag.slice(0, 2));
  const takesArgument = (flag: string): boolean => names.some((other) => option(other, flag)?.argument !== undefined);
  const kept: string[] = [];
  const all = wordsOf(more);
  for (let i = 0; i < all.length; i++) {
    const { text: word = "", start = 0 } = all[i] ?? {};
    const letters = word.startsWith("-") ? [...word.slice(1)] : [];
    const own = letters.filter(
      (letter) => option(name, `-${letter}`) || !names.some((other) => option(other, `-${letter}`)),
    );
    const typed = more.slice(start, all[i + 1]?.start).trim();
    if (letters.length === 0 || own.length === letters.length || (own[0] !== undefined && takesArgument(`-${own[0]}`)))
      kept.push(typed);
    else if (own.length > 0) kept.push(`-${own.join("")}`);
    // Skips the argument of an option that only other commands have.
    else if (letters.length === 1 && takesArgument(word)) i++;
  }
  return kept.join(" ");
}

/** Runs a command and drops its changes of the context, because they are for one task only. */
const runAlone = (context: Context, line: string): Pieces => withoutChanges(runCommand(context, line));

/** Runs command lines for tasks, with threads if there are any and the work takes long. */
function* runForAll(context: Context, tasks: readonly Obj[], lines: readonly string[]): Pieces {
  const share = context.taskWorkers?.(context, tasks, lines);
  const mistakes = new Set<string>();
  const own = (from: number, to: number): Pieces => runForSome(context, tasks.slice(from, to), lines, mistakes);
  try {
    for (let from = 0; from < tasks.length;) {
      const to = share?.claim(from) ?? tasks.length;
      yield* own(from, to);
      if (share && to === from) return yield* share.rest(own);
      from = to;
    }
  } finally {
    share?.end();
  }
}

/**
 * Runs command lines for tasks. @param mistakes usage errors that were reported: an error that is the same for every
 * task is reported only once
 */
export function* runForSome(
  context: Context,
  tasks: readonly Obj[],
  lines: readonly string[],
  mistakes: Set<string>,
): Pieces {
  for (const task of tasks) {
    for (const piece of runFor(context, task, lines)) {
      if (piece.kind === "usage") {
        if (mistakes.has(piece.message)) continue;
        mistakes.add(piece.message);
      }
      yield piece;
    }
  }
}

function* runFor(context: Context, task: Obj, lines: readonly string[]): Pieces {
  const own = withTask(context, task);
  let endsBlank = true;
  for (const line of lines) {
    if (/^(set|vtop) /.test(line)) yield text(taskHeading(task));
    for (const piece of runAlone(own, line)) {
      if (piece.kind !== "progress" && piece.kind !== "usage") endsBlank = piece.lines.at(-1)?.length === 0;
      yield piece;
    }
  }
  if (!endsBlank) yield text("");
}

/**
 * Returns the tasks that the words before the command select. @throws UsageError when a word matches no task
 * @throws Fault when the task list is incomplete and a word matches no task in it
 */
function chosen(context: Context, words: readonly Word[]): readonly Obj[] {
  const isWord = (word: Word, known: (text: string) => boolean): boolean =>
    word.quote === undefined && known(word.text);
  const states = words.filter((word) => isWord(word, (text) => STATES.includes(text)));
  const kinds = words.filter((word) => isWord(word, (text) => Object.hasOwn(KINDS, text)));
  const named = words.filter((word) => !states.includes(word) && !kinds.includes(word));
  const from =
    named.length === 0 ? taskTable(context.kernel).tasks : named.flatMap((word) => tasksNamed(context, word));
  // A task whose page is missing has neither a known state nor a known kind, so tests of these exclude it.
  const holds = (test: () => boolean): boolean => attempt(test) === true;
  return [...new Set(from)].filter(
    (task) =>
      (states.length === 0 || holds(() => states.some(({ text }) => text === taskState(task)))) &&
      kinds.every(({ text }) => holds(() => KINDS[text]?.(task) ?? false)),
  );
}

/**
 * Returns the tasks that match a word. @throws UsageError when there are none
 * @throws Fault when there are none and the task list is incomplete
 */
function tasksNamed(context: Context, word: Word): readonly Obj[] {
  const tasks = tasksMatching(context, word);
  if (tasks.length > 0) return tasks;
  const { fault } = taskTable(context.kernel);
  throw fault ? noSuchTask(context, word.text) : new UsageError(`no task, name or command: "${word.text}"`);
}
