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

/** Facts by name, or why they cannot be read. A value is a text or, if it is an amount, a number. */
export type Facts<T> = ReadonlyMap<string, T> | Fault;

/** Groups of facts. */
export interface DumpFacts {
  readonly kernel: Facts<string>;
  readonly modules: Facts<string>;
  readonly settings: Facts<string>;
  /** Bytes by use: rows of `kmem -i`, and slab caches. */
  readonly memory: Facts<number>;
  /** Number of tasks by state and the functions in which they are. */
  readonly stacks: Facts<number>;
  /** What blocked tasks wait for, and who holds it, with the number of such tasks. */
  readonly waits: Facts<number>;
}

export function* dumpFacts(context: Context): Generator<Piece, DumpFacts, void> {
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

/** Runs a command and returns its records; those before a fault if there are any, else the fault. */
function* rowsOf(context: Context, line: string): Generator<Piece, Row[] | Fault, void> {
  const rows: Row[] = [];
  let fault: Fault | undefined;
  for (const piece of run(context, line)) {
    if (piece.kind === "fault") fault ??= piece.fault;
    if (piece.kind === "progress") yield piece;
    if (piece.kind === "record" && typeof piece.data === "object" && piece.data !== null && !Array.isArray(piece.data))
      rows.push(piece.data as Row);
  }
  return rows.length === 0 && fault ? fault : rows;
}

const KERNEL = ["release", "version", "machine", "cpus", "memory", "nodename"] as const;

function* kernelFacts(context: Context): Generator<Piece, Facts<string>, void> {
  const rows = yield* rowsOf(context, "sys");
  if (rows instanceof Fault) return rows;
  const [sys = {}] = rows;
  return new Map(KERNEL.flatMap((key) => (sys[key] === undefined ? [] : [[key, textOf(sys[key])] as const])));
}

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : JSON.stringify(value ?? null));

function* moduleFacts(context: Context): Generator<Piece, Facts<string>, void> {
  const modules = yield* rowsOf(context, "mod");
  const tainting = yield* rowsOf(context, "mod -t");
  if (modules instanceof Fault) return modules;
  if (tainting instanceof Fault) return tainting;
  const taints = new Map(tainting.map(({ name, taints: letters }) => [name, textOf(letters)]));
  return new Map(
    modules.map(({ name }): [string, string] => [
      textOf(name),
      taints.has(name) ? `taints ${taints.get(name)}` : "loaded",
    ]),
  );
}

const settingFacts = ({ kernel }: Context): Map<string, string> =>
  new Map(panicSettings(kernel).map(({ setting, value }) => [setting.sysctl, String(value)]));

const knownRows = (rows: readonly Row[] | Fault): readonly Row[] => (rows instanceof Fault ? [] : rows);

function* memoryFacts(context: Context): Generator<Piece, Facts<number>, void> {
  const facts = new Map<string, number>();
  const usage = yield* rowsOf(context, "kmem -i");
  const caches = yield* rowsOf(context, "kmem -s");
  if (usage instanceof Fault && caches instanceof Fault) return usage;
  for (const { name, bytes } of knownRows(usage)) if (typeof bytes === "number") facts.set(textOf(name), bytes);
  for (const { name, bytes } of knownRows(caches))
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

function* stackFacts({ kernel }: Context): Generator<Piece, Facts<number>, void> {
  const facts = new Map<string, number>();
  const table = attempt(() => taskTable(kernel));
  if (table instanceof Fault) return table;
  if (table.fault && table.tasks.length === 0) return table.fault;
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

function* waitFacts({ kernel }: Context): Generator<Piece, Facts<number>, void> {
  const facts = new Map<string, number>();
  const graph = yield* attempting(waitGraph(kernel));
  if (graph instanceof Fault) return graph;
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
