/** The `task` command: the `task_struct` and `thread_info` of tasks. */
import { UsageError } from "../../../base/usageError.ts";
import { formatValue, type FormatOptions } from "../../../model/format.ts";
import type { Obj } from "../../../model/object.ts";
import { command } from "../../language/command.ts";
import { lazyRecord, type Json, type Line, type Piece } from "../../../say/piece.ts";
import { formatOptions, memberLines } from "../../say/structView.ts";
import { tasksOf } from "../../language/taskSelector.ts";
import { taskFacts, taskHeading, taskColumns } from "../../say/taskHeading.ts";
import { valueJson } from "../../say/valueJson.ts";
import type { Fields } from "../../../say/table.ts";

export const task = command({
  name: "task",
  readsOnly: true,
  summary: "a task's task_struct and thread_info",
  usage: "[-R member[,member]] [-dx] [pid | taskp | member] ...",
  options: [
    {
      flag: "-R",
      argument: "member",
      help: "only these members, separated by commas; a member can be a path such as se.on_rq",
    },
    { flag: "-d", help: "decimal numbers" },
    { flag: "-x", help: "hexadecimal numbers" },
  ],
  description:
    "Shows the structures of the current task, or of the given tasks. A fault replaces a value that cannot be read.",
  examples: [
    { line: "task", shows: "All of the current task's task_struct." },
    { line: "task -R prio,policy 1", shows: "Two members of pid 1." },
    { line: "foreach RU task -R on_cpu", shows: "A member of every running task." },
  ],
  records: () => [{ line: "task", fields: taskFields }],
  needs: ["types", "tasks"],
  *run(context, args) {
    const options = formatOptions(context, args);
    const members = args.values("-R").flatMap((list) => list.split(","));
    const tasks: Obj[] = [];
    for (const word of args.rest) {
      const named = tasksOf(context, word);
      // As in crash, a word that does not match a task is a list of members.
      if (named.length > 0) tasks.push(...named);
      else if (/^[A-Za-z_]/.test(word)) members.push(...word.split(","));
      else throw new UsageError(`invalid task or pid value: ${word}`);
    }
    for (const chosen of tasks.length > 0 ? tasks : [context.task]) yield shown(chosen, members, options);
  },
});

/** The fields of a task's struct. */
const taskFields: Fields = {
  ...taskColumns,
  value: { kind: "data", about: "the task_struct, or the members of -R by path, as `struct` gives them" },
};

function shown(task: Obj, members: readonly string[], options: FormatOptions): Piece {
  const structs = members.flatMap((path) => structsWith(task, path).map((struct) => ({ path, struct })));
  const data = (): Json => {
    // If both structs have a member of this name, such as flags, the value in task_struct is used.
    const values = structs.toReversed().map(({ path, struct }): [string, Json] => [path, valueJson(struct.at(path))]);
    const value = members.length > 0 ? Object.fromEntries(values) : valueJson(task);
    return { ...taskFacts(task), value };
  };
  return lazyRecord(data, () => {
    if (members.length === 0) return [taskHeading(task), ...wholeLines(task, options)];
    const lines = structs.flatMap(({ path, struct }) => [...memberLines(struct, path, options)]);
    return [taskHeading(task), ...lines, []];
  });
}

function* wholeLines(task: Obj, options: FormatOptions): Generator<Line, void, void> {
  yield* formatValue(task, { ...options, prefix: "struct task_struct " });
  yield [];
  const info = threadInfo(task);
  if (!info) return;
  yield* formatValue(info, { ...options, prefix: "struct thread_info " });
  yield [];
}

/**
 * Returns the task's `struct thread_info`, which is a member of task_struct or at the low end of its stack; undefined
 * when the kernel's types have none.
 */
function threadInfo(task: Obj): Obj | undefined {
  if (task.has("thread_info")) return task.at("thread_info");
  return task.kernel.types.find("struct", "thread_info")
    ? task.kernel.object("struct thread_info", task.at("stack").value())
    : undefined;
}

/** Returns the structs that have a member: task_struct, thread_info, or both. @throws UsageError when neither has it */
function structsWith(task: Obj, path: string): Obj[] {
  // A text that is not a valid path is reported as an unknown member.
  if (/^\w+(\[\d+\])*([.]\w+(\[\d+\])*)*$/.test(path)) {
    const info = threadInfo(task);
    const structs = [task, ...(info ? [info] : [])].filter((struct) => struct.has(path));
    if (structs.length > 0) return structs;
  }
  throw new UsageError(`${path}: not a task_struct or thread_info member`);
}
