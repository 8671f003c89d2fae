/** The `ps` command: lists of tasks. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { runningOn } from "../../../../linux/sched/cpu.ts";
import { schedulingPolicy } from "../../../../linux/sched/sched.ts";
import { isKernelThread, taskPid, taskTable, taskTgid } from "../../../../linux/sched/task.ts";
import type { Obj } from "../../../../model/object.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { parseCpus } from "../../../language/number.ts";
import { faultPiece, type Pieces } from "../../../../say/piece.ts";
import { argumentsFields, tasksArguments } from "./arguments.ts";
import { tasksChildren, tasksGroups, tasksParents } from "./family.ts";
import { lastRunTable, tasksLastRun } from "./lastRun.ts";
import { limitsFields, tasksLimits } from "./limits.ts";
import { parsePolicies, policyTable, tasksPolicies } from "./policy.ts";
import { stackPointerTable, taskRows, taskTable as taskTableOf } from "./rows.ts";
import { taskColumns } from "../../../say/taskHeading.ts";
import { statesTable, stateSummary } from "./states.ts";
import { tasksTimes, timesForm } from "./times.ts";
import { missingTasks, noSuchTask, tasksMatching } from "../../../language/taskSelector.ts";

export const ps = command({
  name: "ps",
  readsOnly: true,
  summary: "tasks",
  usage: "[-k|-u|-G|-I|-y policy] [-s] [-p|-c|-t|-[l|m] [-C cpus]|-a|-g|-r|-S|-A|-H|-Y]\n[pid | taskp | command] ...",
  options: [
    { flag: "-k", help: "only kernel threads" },
    { flag: "-u", help: "only user tasks" },
    { flag: "-G", help: "only the leader of each thread group" },
    { flag: "-I", help: "no idle tasks" },
    {
      flag: "-y",
      argument: "policy",
      help: "only tasks of these scheduling policies: names or numbers, separated by commas",
    },
    { flag: "-s", help: "the kernel stack pointer instead of the task's address" },
    { flag: "-p", help: "each task's parents, the eldest first" },
    { flag: "-c", help: "each task's children" },
    { flag: "-t", help: "run time, start time, user and system time" },
    { flag: "-l", help: "when each task last ran, in nanoseconds, latest first" },
    { flag: "-m", help: "how long ago each task last ran, latest first" },
    { flag: "-C", argument: "cpus", help: "with -l or -m: a list for each of these CPUs" },
    { flag: "-a", help: "command line and environment of user tasks" },
    { flag: "-g", help: "thread groups" },
    { flag: "-r", help: "resource limits" },
    { flag: "-S", help: "the number of tasks in each state" },
    { flag: "-A", help: "only the tasks that the CPUs were running" },
    { flag: "-H", help: "no heading" },
    { flag: "-Y", help: "each task's scheduling policy and priority" },
  ],
  description:
    "Lists all tasks, or the tasks given by pid, task_struct address, command name, or a 'regular expression' for names. An angle bracket marks a task that a CPU was running. Sizes are in KiB; %MEM is a percentage of all page frames. States: RU running or ready, IN sleeping, UN sleeping uninterruptibly, ID an idle kernel worker, ST stopped, TR traced, ZO zombie, DE dead, WA waking, PA parked, NE new.",
  examples: [
    { line: "ps", shows: "Every task." },
    { line: "ps -A", shows: "The task that each CPU was running." },
    { line: "ps -m | head", shows: "The tasks that ran last before the crash." },
    { line: "ps -Y -y FIFO,RR", shows: "Real-time tasks with their priorities." },
    { line: "ps 'kworker.*'", shows: "Tasks whose names match a pattern." },
  ],
  records: () => [
    { line: "ps", fields: taskTableOf().columns },
    { line: "ps -s", fields: stackPointerTable().columns },
    { line: "ps -p", fields: { ...taskColumns, parents: { kind: "data", fields: taskColumns } } },
    { line: "ps -c", fields: { ...taskColumns, children: { kind: "data", fields: taskColumns } } },
    { line: "ps -g", fields: { ...taskColumns, threads: { kind: "data", fields: taskColumns } } },
    { line: "ps -t", fields: timesForm.columns },
    { line: "ps -l", fields: lastRunTable(false).columns },
    { line: "ps -a", fields: argumentsFields },
    { line: "ps -r", fields: limitsFields },
    { line: "ps -Y", fields: policyTable({ stackPointer: false, hideOffline: false }).columns },
    { line: "ps -S", fields: statesTable.columns },
  ],
  needs: ["types", "tasks"],
  *run(context, args) {
    if (args.has("-C") && !args.has("-l") && !args.has("-m")) {
      throw new UsageError("-C option is only applicable with -l and -m");
    }
    const { tasks, unknown } = selected(context, args);
    for (const word of unknown) {
      const mistake = noSuchTask(context, word);
      if (mistake instanceof Fault) yield faultPiece(mistake, "ps: ");
      else yield { kind: "usage", message: `ps: ${mistake.message}`, lines: [] };
    }
    if (unknown.length > 0 && unknown.length === args.words.length) return;
    yield* listTasks(context, args, tasks);
    if (args.words.length === 0) yield* missingTasks(context.kernel, "ps: ");
  },
});

/** Yields tasks in the form that the options of `ps` select. */
export function* listTasks(context: Context, args: Parsed, tasks: readonly Obj[]): Pieces {
  const columns = { stackPointer: args.has("-s"), heading: !args.has("-H"), hideOffline: hidesOffline(context) };
  if (args.has("-p")) yield* tasksParents(tasks);
  else if (args.has("-c")) yield* tasksChildren(context.kernel, tasks);
  else if (args.has("-t")) yield* tasksTimes(context.kernel, tasks);
  else if (args.has("-l") || args.has("-m")) yield* tasksLastRun(context.kernel, tasks, lastRunOptions(context, args));
  else if (args.has("-a")) yield* tasksArguments(tasks);
  else if (args.has("-g")) yield* tasksGroups(context.kernel, tasks);
  else if (args.has("-r")) yield* tasksLimits(tasks);
  else if (args.has("-S")) yield* stateSummary(context.kernel, tasks);
  else if (args.has("-Y")) yield* tasksPolicies(context.kernel, tasks, columns);
  else yield* taskRows(context.kernel, tasks, columns);
}

const hidesOffline = ({ variables }: Context): boolean => variables.get("offline") === "hide";

const lastRunOptions = ({ kernel }: Context, args: Parsed) => {
  const cpus = args.value("-C");
  return { ago: args.has("-m"), cpus: cpus === undefined ? undefined : parseCpus(cpus, possibleCpus(kernel)) };
};

/** Returns the tasks that the words and filters select, and the words that match no task. */
function selected(
  context: Context,
  args: Parsed,
): { readonly tasks: readonly Obj[]; readonly unknown: readonly string[] } {
  const { kernel } = context;
  const found = args.words.map((word) => ({ word, tasks: tasksMatching(context, word) }));
  const all = args.words.length === 0 ? taskTable(kernel).tasks : [...new Set(found.flatMap(({ tasks }) => tasks))];
  const filters = filtersOf(args);
  return {
    // A task whose filter cannot be evaluated is shown, because its faults then give the reason.
    tasks: all.filter((task) => filters.every((filter) => attempt(() => filter(task)) !== false)),
    unknown: found.flatMap(({ word, tasks }) => (tasks.length === 0 ? [word.text] : [])),
  };
}

function filtersOf(args: Parsed): ((task: Obj) => boolean)[] {
  const filters: ((task: Obj) => boolean)[] = [];
  const policies = args.values("-y").flatMap(parsePolicies);
  if (args.has("-k")) filters.push(isKernelThread);
  if (args.has("-u")) filters.push((task) => !isKernelThread(task));
  if (args.has("-G")) filters.push((task) => taskPid(task) === taskTgid(task));
  if (args.has("-I")) filters.push((task) => taskPid(task) !== 0);
  if (args.has("-A")) filters.push((task) => runningOn(task.kernel, task) !== undefined);
  if (policies.length > 0) filters.push((task) => policies.includes(schedulingPolicy(task)));
  return filters;
}
