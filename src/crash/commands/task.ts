import { UsageError } from "../../base/usageError.ts";
import { bare } from "../../debuginfo/ctype.ts";
import { formatMember, formatValue, type FormatOptions, type ValueLine } from "../../model/format.ts";
import { parsePath } from "../../model/member.ts";
import type { Obj } from "../../model/object.ts";
import { command, type Context } from "../command.ts";
import { type Line, type Piece, record } from "../piece.ts";
import { selectTasks } from "../taskSelector.ts";
import { taskFacts, taskHeading } from "../taskHeading.ts";

export const task = command({
  name: "task",
  summary: "a task's task_struct and thread_info",
  usage: "[-R member[,member]] [-dx] [pid | taskp] ...",
  options: [
    { flag: "-R", argument: "member", help: "only these members, parted by commas; paths such as se.on_rq, too" },
    { flag: "-d", help: "decimal numbers" },
    { flag: "-x", help: "hexadecimal numbers" },
  ],
  description:
    "Shows the structures of the current task, or of those given. What cannot be read is a fault in its place.",
  examples: [
    { line: "task", shows: "All of the current task's task_struct." },
    { line: "task -R prio,policy 1", shows: "Two members of pid 1." },
    { line: "foreach RU task -R on_cpu", shows: "A member of every running task." },
  ],
  needs: ["types", "tasks"],
  *run(context, args) {
    const radix = args.has("-x") ? 16 : args.has("-d") ? 10 : context.radix;
    const options = { ...formatOptions(context), radix } as const;
    const members = args.values("-R").flatMap((list) => list.split(","));
    // As in crash, words that are no task are members even without -R.
    for (const chosen of selectTasks(context, args.rest)) yield shown(chosen, members, options);
  },
});

const formatOptions = ({ variables }: Context): FormatOptions => {
  const limit = Number(variables.get("print_max"));
  return { ...(limit > 0 ? { limit } : {}), stopAtNull: variables.get("null-stop") === "on" };
};

function shown(task: Obj, members: readonly string[], options: FormatOptions): Piece {
  const lines: Line[] = [taskHeading(task)];
  if (members.length > 0) lines.push(...members.flatMap((path) => [...memberLines(task, path, options)]));
  else for (const part of [task, threadInfo(task)]) if (part) lines.push(...structLines(part, options), []);
  if (members.length > 0) lines.push([]);
  return record(taskFacts(task), ...lines);
}

function* structLines(object: Obj, options: FormatOptions): Generator<Line, void, void> {
  const type = bare(object.type);
  const name = type.kind === "struct" ? (type.name ?? "") : "";
  let first = true;
  for (const line of formatValue(object, options)) {
    yield first ? [`struct ${name} `, ...line] : line;
    first = false;
  }
}

/** The task's `struct thread_info`: within task_struct, or at the foot of its stack. */
function threadInfo(task: Obj): Obj | undefined {
  if (task.has("thread_info")) return task.at("thread_info");
  return task.kernel.types.find("struct", "thread_info")
    ? task.kernel.object("struct thread_info", task.at("stack").value())
    : undefined;
}

/** One member of task_struct, else of thread_info. @throws UsageError when neither has it */
function memberLines(task: Obj, path: string, options: FormatOptions): Iterable<ValueLine> {
  const info = threadInfo(task);
  const owner = task.has(path) ? task : info?.has(path) ? info : undefined;
  if (!owner) throw new UsageError(`${path}: not a task_struct or thread_info member`);
  return formatMember(owner, path, { ...options, suffix: isLast(owner, path) ? "" : "," });
}

/** gdb puts a comma after each member but the last of its struct. */
function isLast(owner: Obj, path: string): boolean {
  const steps = parsePath(path);
  const last = steps.at(-1);
  if (typeof last !== "string") return false;
  const parent = steps
    .slice(0, -1)
    .reduce((object, step) => object.at(typeof step === "number" ? `[${step}]` : step), owner);
  const type = bare(parent.type);
  return (type.kind === "struct" || type.kind === "union") && type.members.at(-1)?.name === last;
}
