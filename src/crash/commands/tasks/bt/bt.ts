/** The `bt` command: kernel stack backtraces. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { runningTasks } from "../../../../linux/sched/cpu.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { panicMessage, panicTask } from "../../../../linux/printk/panic.ts";
import { fromStop, returnTo, stoppedStack } from "../../../../linux/sched/stoppedStack.ts";
import { stackFrom } from "../../../../linux/sched/stackTrace.ts";
import { taskPid, threads } from "../../../../linux/sched/task.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Stack } from "../../../../unwind/frame.ts";
import { taskStackRange } from "../../../../unwind/stacks.ts";
import { switchedOut } from "../../../../unwind/start.ts";
import { address } from "../../../language/address.ts";
import { dataLines, type DataStyle } from "./data.ts";
import { cpuExceptionFrames, exceptionFrames } from "./exceptionFrames.ts";
import { backtraceFields, backtraceJson } from "./json.ts";
import { stackOverflows, overflowFields } from "./overflow.ts";
import { type BacktraceStyle, backtraceLines } from "./stack.ts";
import { allTextSymbols, textSymbols } from "./textSymbols.ts";
import { command, type Context, type Parsed, type Running } from "../../../language/command.ts";
import { changed } from "../../../language/context.ts";
import { hexNumber, parseCpus } from "../../../language/number.ts";
import { faultPiece, type Line, type Piece, lazyRecord, record, text } from "../../../../say/piece.ts";
import { selectTasks } from "../../../language/taskSelector.ts";
import { taskFacts, taskHeading } from "../../../say/taskHeading.ts";

export const bt = command({
  name: "bt",
  readsOnly: true,
  summary: "kernel stack backtrace",
  usage:
    "[-a|-A|-c cpus|-g|-p] [-n idle] [-l] [-i] [-s [-x|-d]] [-f|-F] [-t|-T|-o|-O|-r|-e|-E|-v]\n[-R ref] [-I ip] [-S sp] [pid | taskp] ...",
  options: [
    { flag: "-a", help: "what each CPU was running" },
    { flag: "-A", help: "not available: in crash, -a with the vector registers of s390x; use -a" },
    { flag: "-c", argument: "cpus", help: "what these CPUs were running: 0-3,7" },
    { flag: "-g", help: "all threads of the process" },
    { flag: "-p", help: "the task that panicked" },
    { flag: "-n", argument: "idle", help: "only headings of idle tasks" },
    { flag: "-l", help: "file and line of each frame" },
    { flag: "-i", help: "inlined functions, with their lines" },
    { flag: "-s", help: "symbols with offsets" },
    { flag: "-x", help: "offsets in hexadecimal" },
    { flag: "-d", help: "offsets in decimal" },
    { flag: "-f", help: "the words of each frame" },
    { flag: "-F", help: "as -f, with symbols and slab caches; -FF adds the addresses of slab objects" },
    { flag: "-t", help: "every code address from the task's stack pointer to the end of its stack" },
    { flag: "-T", help: "every code address on the whole stack" },
    { flag: "-o", help: "as -t, numbered like frames; may show calls that have already returned" },
    { flag: "-O", help: "make -o the default of bt; a second -O restores the normal method" },
    { flag: "-r", help: "the whole stack as words" },
    { flag: "-e", help: "saved exception frames anywhere on the stack" },
    { flag: "-E", help: "saved exception frames on the IRQ and exception stacks of the CPUs" },
    { flag: "-v", help: "signs of stack overflow in all tasks" },
    { flag: "-R", argument: "ref", help: "only stacks that contain this symbol or address" },
    { flag: "-I", argument: "ip", help: "start at this instruction address" },
    { flag: "-S", argument: "sp", help: "start at this stack pointer" },
  ],
  description:
    "Shows the kernel stack of the current task, or of the given tasks. The address in brackets is the stack slot that holds the return address. Where an exception interrupted a function, the registers that it saved are printed. Frames that were not found by exact unwind rules are dimmed. A stack that cannot be followed to its end shows the reason.",
  examples: [
    { line: "bt", shows: "The stack of the task that panicked." },
    { line: "bt -a", shows: "What every CPU was doing." },
    { line: "bt -il", shows: "With inlined functions and source lines." },
    { line: "foreach UN bt", shows: "What blocked tasks wait for." },
  ],
  records: () => [
    { line: "bt", fields: backtraceFields },
    { line: "bt -v", fields: overflowFields },
    { line: "bt -O", fields: { oldMethod: { kind: "flag" } } },
  ],
  needs: ["types", "tasks"],
  *run(context, args) {
    const { kernel } = context;
    if (args.has("-A"))
      throw new UsageError("-A is not available because vector registers are not read; use -a for the stacks");
    if (args.has("-O")) return yield* toggleOld(context);
    if (args.has("-v")) return yield* stackOverflows(kernel);
    if (args.has("-E")) return yield* cpuExceptionFrames(kernel, chosenCpus(context, args));
    const isStarting = args.rest.length === 0 && !["-a", "-c", "-p"].some((flag) => args.has(flag));
    if (isStarting && context.taskFault) yield faultPiece(context.taskFault, "bt: ");
    let first = true;
    for (const task of chosenTasks(context, args)) {
      const piece = stackPiece(context, task, args);
      if (!piece) continue;
      if (!first) yield text("");
      first = false;
      yield piece;
    }
  },
});

const chosenCpus = ({ kernel }: Context, args: Parsed): readonly number[] =>
  parseCpus(args.value("-c") ?? "all", possibleCpus(kernel));

function chosenTasks(context: Context, args: Parsed): readonly Obj[] {
  const { kernel } = context;
  if (args.has("-a") || args.has("-c")) {
    const cpus = chosenCpus(context, args);
    return runningTasks(kernel).flatMap(({ cpu, task }) => (cpus.includes(cpu) ? [task] : []));
  }
  if (args.has("-p")) {
    const panicked = panicTask(kernel);
    if (!panicked)
      throw panicMessage(kernel) === undefined
        ? Fault.of("unknown", "no task panicked: the machine was running")
        : Fault.of("unknown", "the CPU that panicked is not known");
    return [panicked];
  }
  const tasks = selectTasks(context, args.rest);
  return args.has("-g") ? tasks.flatMap((task) => [...threads(task.at("group_leader").deref())]) : tasks;
}

/** The key under which the state of `bt -O` is kept among the variables of `set`; `set` does not list it. */
const OLD_METHOD = "bt -O";
const usesOldMethod = ({ variables }: Context): boolean => variables.get(OLD_METHOD) === "on";

function* toggleOld(context: Context): Running {
  const old = !usesOldMethod(context);
  yield changed({ variables: new Map([[OLD_METHOD, old ? "on" : "off"]]) });
  yield record({ oldMethod: old }, `bt: use ${old ? "old" : "new"} bt method by default`);
}

function stackPiece(context: Context, task: Obj, args: Parsed): Piece | undefined {
  if (args.has("-n") && attempt(() => taskPid(task)) === 0) return record(taskFacts(task), taskHeading(task));
  const whole = startedAt(context, task, args);
  const stack = fromStop(whole);
  const reference = args.value("-R");
  if (reference !== undefined && !refersTo(whole, reference)) return undefined;
  const radix = args.has("-x") ? 16 : args.has("-d") ? 10 : context.radix;
  const offsets = args.has("-s") ? radix : undefined;
  const special = specialLines(context, task, stack, args, offsets);
  // The source lines and inlined functions of every frame are looked up only when the JSON record is read.
  const piece = (lines: readonly Line[]): Piece =>
    lazyRecord(
      () => backtraceJson(task, stack),
      () => lines,
      { fields: backtraceFields },
    );
  if (special) return piece([taskHeading(task), ...special]);
  const style: BacktraceStyle = {
    lines: args.has("-l"),
    inlined: args.has("-i"),
    offsets,
    data: dataStyle(args),
  };
  return piece(backtraceLines(task, stack, style));
}

/**
 * Returns how to print the words of each frame: -f as numbers, -F with symbols and slab caches, -FF also with object
 * addresses; undefined without these options.
 */
function dataStyle(args: Parsed): DataStyle | undefined {
  const named = args.values("-F").length;
  if (named === 0 && !args.has("-f")) return undefined;
  return { names: named === 0 ? undefined : named === 1 ? "cache" : "address", indent: "    ", separator: ": " };
}

/** Returns the stack of a task; with -I or -S the stack from there. @throws UsageError, Fault */
function startedAt(context: Context, task: Obj, args: Parsed): Stack {
  const { kernel } = context;
  const [ip, sp] = [args.value("-I"), args.value("-S")];
  if (ip === undefined && sp === undefined) return stoppedStack(kernel, task);
  const word = BigInt(kernel.arch.wordSize);
  const start = sp === undefined ? switchedOut(kernel, task).sp : address(context, sp);
  // Without -I, the word at the stack pointer is the return address.
  const cursor =
    ip === undefined
      ? returnTo(kernel, kernel.memory.word(start), start + word)
      : returnTo(kernel, address(context, ip), start);
  return stackFrom(kernel, task, cursor);
}

function refersTo({ frames }: Stack, reference: string): boolean {
  const address = hexNumber(reference);
  return frames.some(({ symbol, pc }) => symbol?.name === reference || pc === address);
}

/** Returns the lines that -t, -T, -o, -r and -e print instead of frames; undefined without these options. */
function specialLines(
  context: Context,
  task: Obj,
  stack: Stack,
  args: Parsed,
  offsets: 10 | 16 | undefined,
): Line[] | undefined {
  const { kernel } = task;
  const hasOtherMode = ["-t", "-T", "-r", "-e", "-f", "-F", "-l", "-i"].some((flag) => args.has(flag));
  const numbered = args.has("-o") || (usesOldMethod(context) && !hasOtherMode);
  const style = { offsets, numbered };
  if (args.has("-t") || numbered) return [...textSymbols(task, stack, style)];
  if (args.has("-T")) return [...allTextSymbols(task, stack, style)];
  if (!args.has("-r") && !args.has("-e")) return undefined;
  const { start, end } = taskStackRange(kernel, task);
  if (args.has("-e")) return [...exceptionFrames(kernel, start, end)];
  const raw = { names: "none", indent: "", separator: ":  " } as const;
  return dataLines(kernel, start, end - BigInt(kernel.arch.wordSize), raw);
}
