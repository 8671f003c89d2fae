/** The `set` command: shows and sets the current task and the variables. */
import { hex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { cpuTask, runningOn, runningTasks } from "../../../linux/sched/cpu.ts";
import { firstTask, firstTaskFault } from "../../../linux/printk/panic.ts";
import { taskComm, taskCpu } from "../../../linux/sched/task.ts";
import { command, type Context, type Running } from "../../language/command.ts";
import { changed, withChange } from "../../language/context.ts";
import { decimalNumber } from "../../language/number.ts";
import { table, TableLayout } from "../../../render/layout.ts";
import { labelled } from "../../../render/pad.ts";
import { faultPiece, record, text, type Piece, type Pieces, addressJson } from "../../../say/piece.ts";
import type { Column, Table } from "../../../say/table.ts";
import { taskContext, taskContextFields } from "../../language/taskContext.ts";
import { noSuchTask, tasksOf } from "../../language/taskSelector.ts";
import { findVariable, setting, variable, variables } from "../../language/variables.ts";

/** The variables that crash has. */
const listed = variables.filter(({ isOfGdb }) => !isOfGdb);

export const set = command({
  name: "set",
  // "set error FILE" names the file to which the terminal writes errors.
  readsOnly: ({ rest }) => rest.every((word, i) => word !== "error" || i === rest.length - 1),
  summary: "show or set the current task and the variables",
  usage: "[[-a] [pid | taskp] | [-c cpu] | -p] | [crash_variable [setting]] | -v",
  options: [
    {
      flag: "-a",
      help: "show on which CPU the task was running; the active task cannot be changed, because the dump records it",
    },
    { flag: "-c", argument: "cpu", help: "select the task that ran on the CPU" },
    { flag: "-p", help: "select the panic task" },
    { flag: "-v", help: "show all variables" },
  ],
  description: `Shows the current task or selects another one. Commands use the current task if no task is given.

With the name of a variable, shows or sets it. Several variables can be set at once. "set disassembly-flavor intel" selects Intel's syntax for dis and disassemble, and "att" the other.

${listed.map(({ name, accepts }) => `  ${labelled(name, accepts, 13)}`).join("\n")}`,
  examples: [
    { line: "set", shows: "The current task." },
    { line: "set 1", shows: "Makes the task with pid 1 current." },
    { line: "set radix 16", shows: "Numbers are shown in hexadecimal from now on." },
    { line: "set -v", shows: "All variables." },
  ],
  records: () => [
    { line: "set", fields: taskContextFields },
    { line: "set -a", fields: { task: { kind: "task" }, cpu: { kind: "number" } } },
    { line: "set -v", fields: variableTable.columns },
  ],
  *run(context, args) {
    const cpu = args.value("-c");
    if (args.has("-a")) return yield activeTask(context, args.rest[0]);
    if (args.has("-v")) return yield* listing(context);
    if (cpu !== undefined) return yield* goTo(() => taskOf(context, cpu));
    if (args.has("-p")) {
      const fault = firstTaskFault(context.kernel);
      if (fault) yield faultPiece(fault, "set: ");
      return yield* goTo(() => firstTask(context.kernel));
    }
    // Expands `set hex` to `set radix hex`.
    const words = args.rest.flatMap((word, i) =>
      /^(hex|dec)$/.test(word) && args.rest[i - 1] !== "radix" ? ["radix", word] : word,
    );
    const [first] = words;
    if (first === undefined) {
      if (context.taskFault) yield faultPiece(context.taskFault, "set: ");
      return yield taskContext(context.task);
    }
    const file = fileOf(context, first);
    if (file !== undefined) return yield text(file);
    if (!findVariable(first)) return yield* goTo(() => taskNamed(context, first));
    let now = context;
    for (let name = words.shift(); name !== undefined; name = words.shift()) {
      const known = findVariable(name);
      if (!known) throw new UsageError(`no such variable: ${name}`);
      const value = words[0];
      const isSet = value !== undefined && !findVariable(value);
      if (isSet) {
        const change = setting(now, name, words.shift() ?? "");
        now = withChange(now, change);
        yield changed(change);
      }
      const title = name === "radix" ? "output radix" : name;
      yield new TableLayout(now.kernel, variableTable).row({ context: now, name, title });
      if (isSet && known.idle !== undefined) yield text([{ as: "dim", text: `  no effect here: ${known.idle}` }]);
    }
  },
});

function* goTo(choose: () => Context["task"]): Running {
  const task = choose();
  yield changed({ task });
  yield taskContext(task);
}

/** Returns the task that a word names. @throws UsageError, Fault */
function taskNamed(context: Context, word: string): Context["task"] {
  // All idle tasks have pid 0: select the one of the current CPU.
  const tasks = tasksOf(context, word);
  const here = tasks.length > 1 ? taskCpu(context.task) : undefined;
  const task = tasks.find((one) => here !== undefined && taskCpu(one) === here) ?? tasks[0];
  if (!task) throw noSuchTask(context, word);
  return task;
}

/** Returns the task that ran on a CPU. @throws UsageError, Fault */
function taskOf({ kernel }: Context, text: string): Context["task"] {
  const cpu = decimalNumber(text);
  const known = runningTasks(kernel).map((one) => one.cpu);
  if (cpu === undefined || !known.includes(Number(cpu))) {
    throw new UsageError(`invalid cpu number ${text}: this system has ${known.join(",")}`);
  }
  return cpuTask(kernel, Number(cpu));
}

/**
 * Reports on which CPU a task is active. In crash the user sets this, for dumps that do not record it. @throws
 * UsageError, Fault
 */
function activeTask(context: Context, word: string | undefined): Piece {
  const task = word === undefined ? context.task : taskNamed(context, word);
  const cpu = runningOn(context.kernel, task);
  const who = `"${taskComm(task)}" task ${hex(task.address)}`;
  if (cpu === undefined) throw new UsageError(`${who} was not running: "ps -A" shows what each CPU was running`);
  return record({ task: addressJson(task.address), cpu }, `${who} is the active task on cpu ${cpu}`);
}

/** Returns the line of a session file, which crash lists among its variables; undefined for other names. */
function fileOf({ session }: Context, name: string): string | undefined {
  if (name === "namelist") return `namelist: ${session.vmlinux ?? "(none)"}`;
  return name === "dumpfile" ? `dumpfile: ${session.vmcore.join(" ")}` : undefined;
}

function* listing(context: Context): Pieces {
  const rows = listed.map(({ name }): VariableRow => ({ context, name, title: name }));
  yield* table(context.kernel, variablesTable, rows, { heading: false });
  for (const name of ["namelist", "dumpfile"]) yield text(`      ${fileOf(context, name)}`);
}

const REMARKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  radix: { 10: "(decimal)", 16: "(hex)" },
  scope: { 0: "(not set)" },
};

interface VariableRow {
  readonly context: Context;
  readonly name: string;
  /** Crash's name for the variable. */
  readonly title: string;
}

const value: Column<VariableRow> = {
  kind: "text",
  title: "",
  gap: ": ",
  value: ({ context, name }) => variable(context, name),
  text: shown,
};

/** The table of one variable. */
export const variableTable: Table<VariableRow> = {
  columns: {
    title: { kind: "text", title: "", screenOnly: true, value: ({ title }) => title },
    variable: { kind: "text", value: ({ name }) => name },
    value,
  },
};

/** The table of all variables. */
const variablesTable: Table<VariableRow> = {
  columns: {
    variable: { kind: "text", title: "", width: 14, align: "right", value: ({ name }) => name },
    value,
  },
};

function shown(value: string, { context, name }: VariableRow): string {
  if (name === "scope" && value !== "0") {
    const address = BigInt(value);
    return `${hex(address)} (${context.kernel.symbols.at(address)?.name ?? "no symbol"})`;
  }
  const remark = REMARKS[name]?.[value];
  return `${value}${remark === undefined ? "" : ` ${remark}`}`;
}
