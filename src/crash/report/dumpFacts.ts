/** Collects the facts of a dump that are compared with those of another one. */
import { attempt, attempting, Fault } from "../../base/fault.ts";
import { functionOf } from "../../insight/crashFacts.ts";
import { waitGraph } from "../../insight/waits/waitGraph.ts";
import { heldBy, waitWords } from "../../insight/waits/words.ts";
import { panicSettings } from "../../linux/kdump/panicSettings.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import { taskComm, taskTable } from "../../linux/sched/task.ts";
import { taskState } from "../../linux/sched/taskState.ts";
import type { Json, Piece } from "../../say/piece.ts";
import type { Context } from "../language/command.ts";
import { run } from "../language/language.ts";

/** Groups of facts; a fact has a name and a value as text or, if it is an amount, a number. */
export interface DumpFacts {
  readonly kernel: ReadonlyMap<string, string>;
  readonly modules: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, string>;
  /** Bytes by use: rows of `kmem -i`, and slab caches. */
  readonly memory: ReadonlyMap<string, number>;
  /** Number of tasks by state and the functions in which they are. */
  readonly stacks: ReadonlyMap<string, number>;
  /** What blocked tasks wait for, and who holds it, with the number of such tasks. */
  readonly waits: ReadonlyMap<string, number>;
}

type Step = Piece;

export function* dumpFacts(context: Context): Generator<Step, DumpFacts, void> {
  return {
    kernel: yield* kernelFacts(context),
    modules: yield* moduleFacts(context),
    settings: settingFacts(context),
    memory: yield* memoryFacts(context),
    stacks: yield* stackFacts(context),
    waits: yield* waitFacts(context),
  };
}

type Row = { readonly [key: string]: Json | undefined };

/** Runs a command and returns its records; those before a fault if there is one. */
function* rowsOf(context: Context, line: string): Generator<Step, Row[], void> {
  const rows: Row[] = [];
  for (const piece of run(context, line)) {
    if (piece.kind === "progress") yield piece;
    if (piece.kind === "record" && typeof piece.data === "object" && piece.data !== null && !Array.isArray(piece.data))
      rows.push(piece.data as Row);
  }
  return rows;
}

const KERNEL = ["release", "version", "machine", "cpus", "memory", "nodename"] as const;

function* kernelFacts(context: Context): Generator<Step, Map<string, string>, void> {
  const [sys = {}] = yield* rowsOf(context, "sys");
  return new Map(KERNEL.flatMap((key) => (sys[key] === undefined ? [] : [[key, textOf(sys[key])] as const])));
}

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : JSON.stringify(value ?? null));

function* moduleFacts(context: Context): Generator<Step, Map<string, string>, void> {
  const modules = yield* rowsOf(context, "mod");
  const taints = new Map(
    (yield* rowsOf(context, "mod -t")).map(({ name, taints: letters }) => [name, textOf(letters)]),
  );
  return new Map(
    modules.map(({ name }): [string, string] => [
      textOf(name),
      taints.has(name) ? `taints ${taints.get(name)}` : "loaded",
    ]),
  );
}

const settingFacts = ({ kernel }: Context): Map<string, string> =>
  new Map(panicSettings(kernel).map(({ setting, value }) => [setting.sysctl, String(value)]));

function* memoryFacts(context: Context): Generator<Step, Map<string, number>, void> {
  const facts = new Map<string, number>();
  for (const { name, bytes } of yield* rowsOf(context, "kmem -i"))
    if (typeof bytes === "number") facts.set(textOf(name), bytes);
  for (const { name, bytes } of yield* rowsOf(context, "kmem -s"))
    if (typeof bytes === "number") facts.set(`slab ${textOf(name)}`, bytes);
  return facts;
}

/** Functions at the ends of a stack, which all tasks of a kind have and which differ between kernels. */
const COMMON =
  /^(?:__schedule|schedule(?:_\w+)?|ret_from_fork\w*|kthread|do_syscall_64|x64_sys_call|entry_\w+|secondary_startup\w*)$/;
/** Maximum number of functions of a stack that name its group. */
const MAX_FUNCTIONS = 8;
/** Number of tasks per step of the job. */
const TASKS_PER_STEP = 16;

function* stackFacts({ kernel }: Context): Generator<Step, Map<string, number>, void> {
  const facts = new Map<string, number>();
  const table = attempt(() => taskTable(kernel));
  if (table instanceof Fault) return facts;
  for (const [done, task] of table.tasks.entries()) {
    if (done % TASKS_PER_STEP === 0) yield { kind: "progress", what: "stacks", done, total: table.tasks.length };
    const key = attempt(() => {
      const functions = stackTrace(kernel, task)
        .frames.flatMap((frame) => functionOf(frame) ?? [])
        .filter((name) => !COMMON.test(name))
        .slice(0, MAX_FUNCTIONS);
      return functions.length === 0 ? undefined : `${taskState(task)} ${functions.join(" < ")}`;
    });
    if (typeof key === "string") facts.set(key, (facts.get(key) ?? 0) + 1);
  }
  return facts;
}

function* waitFacts({ kernel }: Context): Generator<Step, Map<string, number>, void> {
  const facts = new Map<string, number>();
  const graph = yield* attempting(waitGraph(kernel));
  if (graph instanceof Fault) return facts;
  for (const waiting of graph.blocked) {
    // Process ids and addresses differ between machines.
    const words = [
      taskComm(waiting.task),
      " waits for ",
      waitWords(waiting),
      ", ",
      heldBy(waiting) ?? "holder not recorded",
    ];
    const key = words
      .join("")
      .replace(/ \[\d+\]/g, "")
      .replace(/\b(?:0x)?[\da-f]{12,}\b/g, "ADDRESS");
    facts.set(key, (facts.get(key) ?? 0) + 1);
  }
  return facts;
}
