/** The tasks that wait and what they wait for: the table of `waits`. */
import { firstHolder, rootOf } from "../../../../insight/waits/root.ts";
import {
  sinceLastRun,
  type KnownHolder,
  type WaitCycle,
  type WaitGraph,
  type WaitingTask,
} from "../../../../insight/waits/waitGraph.ts";
import { heldBy, taskName, waitType, waitWords } from "../../../../insight/waits/words.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { agoText } from "../../../../render/quantity.ts";
import { addressJson, type Json, type Span } from "../../../../say/piece.ts";
import { columnOf, type Fields, type Table } from "../../../../say/table.ts";
import { taskColumns } from "../../../say/taskHeading.ts";

/** A row: a task, and the wait graph that contains it. */
export interface WaitRow {
  readonly waiting: WaitingTask;
  readonly graph: WaitGraph;
}

const TASK: Fields = { pid: taskColumns.pid, comm: taskColumns.comm, task: taskColumns.task };

const HOLDER: Fields = {
  ...TASK,
  certainty: { kind: "text", about: "certain, likely or possible" },
  how: { kind: "text", about: "how the holder is known" },
  activity: { kind: "text", about: "running, runnable, sleeping, stopped, dead, freed, gone or unknown" },
};

const ROOT: Fields = {
  ...TASK,
  state: { kind: "text", about: "as `activity`; cycle if the chain ends in a cycle" },
  certain: { kind: "flag", about: "every step of the chain is certain" },
};

const taskOfRow = ({ waiting }: WaitRow) => waiting.task;

export const waitsTable: Table<WaitRow, PageKeys["waits"]> = {
  gap: "  ",
  columns: {
    pid: { ...columnOf(taskColumns.pid, taskOfRow), title: "PID", width: 7 },
    comm: { ...columnOf(taskColumns.comm, taskOfRow), title: "COMMAND", width: "rows" },
    task: columnOf(taskColumns.task, taskOfRow),
    cpu: columnOf(taskColumns.cpu, taskOfRow),
    state: { ...columnOf(taskColumns.state, taskOfRow), title: "ST", width: 2 },
    ago_ns: {
      kind: "nanoseconds",
      title: "LAST RAN",
      about: "time since it last got a CPU, by that CPU's clock: the longest time it can have waited",
      width: "rows",
      align: "right",
      value: ({ waiting }) => sinceLastRun(waiting),
      text: agoText,
    },
    type: {
      kind: "text",
      about: "mutex, rwsem-read, completion and others",
      value: ({ waiting }) => waitType(waiting.wait),
    },
    resource: { kind: "address", about: "what it waits for", value: ({ waiting }) => waiting.wait.resource?.address },
    name: { kind: "text", about: "name of the resource", value: ({ waiting }) => waiting.name },
    waitsFor: {
      kind: "text",
      title: "WAITS FOR",
      about: "the resource as a phrase",
      width: "rows",
      value: ({ waiting }) => waitWords(waiting),
      text: (words, { waiting }) => resourceSpan(words, waiting),
    },
    heldBy: {
      kind: "text",
      title: "HELD BY",
      about: "the first of `holders` as a phrase",
      value: ({ waiting, graph }) => heldBy(waiting, graph),
      text: (words, { waiting }) => holderSpan(words, waiting),
    },
    function: { kind: "text", about: "the function that waits", value: ({ waiting }) => waiting.wait.function },
    waiter: {
      kind: "address",
      about: "the waiter struct on its stack",
      value: ({ waiting }) => waiting.wait.waiter?.address,
    },
    waiterType: { kind: "text", about: "its C type", value: ({ waiting }) => waiting.wait.waiter?.type },
    holders: {
      kind: "data",
      about: "the tasks that hold the resource",
      fields: HOLDER,
      value: ({ waiting }) => waiting.holders.map(holderJson),
    },
    waiters: {
      kind: "data",
      about: "pids of all its waiters, in the order of the queue",
      value: ({ waiting, graph }) => queuePids(waiting, graph),
    },
    root: { kind: "data", about: "the last task of the chain", fields: ROOT, value: rootJson },
    chain: { kind: "data", about: "pids from the holder to the root", value: chainJson },
    cycle: {
      kind: "data",
      about: "pids of the cycle that contains the task; each waits for the next",
      value: (row) => cycleOf(row)?.tasks.map(({ pid }) => pid),
    },
    deadlock: {
      kind: "flag",
      about: "the cycle is certain: each lock names its holder",
      value: (row) => {
        const cycle = cycleOf(row);
        return cycle && cycle.certainty === "certain";
      },
    },
    note: {
      kind: "text",
      about: "a remark on the state of the resource",
      value: ({ waiting }) => waiting.wait.state?.note,
    },
    unknown: { kind: "text", about: "why more is not known", value: ({ waiting }) => waiting.wait.unknown },
  },
};

/** Returns the cycle that a task is in; undefined when it is in none. */
export const cycleOf = ({ waiting, graph }: WaitRow): WaitCycle | undefined =>
  graph.cycles.find(({ tasks }) => tasks.includes(waiting));

export function resourceSpan(words: string, { wait }: WaitingTask): Span {
  return wait.resource ? { as: "address", text: words, address: wait.resource.address } : words;
}

function holderSpan(words: string, waiting: WaitingTask): Span {
  const first = firstHolder(waiting);
  return first ? { as: "task", text: words, address: first.task } : words;
}

const holderJson = ({ pid, comm, task, certainty, how, fate }: KnownHolder): Json => ({
  pid: pid ?? null,
  comm: comm ?? null,
  task: addressJson(task),
  certainty,
  how,
  activity: fate.activity,
});

/** Returns the pids of the waiters of a resource in their order; null for a waiter that is not a task. */
const queuePids = ({ wait }: WaitingTask, { tasks }: WaitGraph): Json =>
  wait.queue.map(({ task }) => (task === undefined ? null : (tasks.get(task)?.pid ?? pidAt(wait.task.kernel, task))));

function pidAt(kernel: WaitingTask["task"]["kernel"], task: bigint): Json {
  return kernel.object("struct task_struct", task).at("pid").number();
}

function rootJson(row: WaitRow): Json {
  const root = rootOf(row.graph, row.waiting);
  if (!root) return null;
  const { pid, comm, task, state, isCertain } = root;
  return { pid: pid ?? null, comm: comm ?? null, task: addressJson(task), state, certain: isCertain };
}

function chainJson({ graph, waiting }: WaitRow): Json {
  const steps = rootOf(graph, waiting)?.steps ?? [];
  return steps.map(({ pid }) => pid ?? null);
}

/** Maximum number of steps of a chain that are printed. */
const MAX_SHOWN = 8;

/**
 * Returns the chain of tasks from the holder to the root as a line below the row; undefined for chains of fewer than
 * two steps and for tasks in a cycle.
 */
export function chainText(row: WaitRow): string | undefined {
  const root = rootOf(row.graph, row.waiting);
  if (!root || root.steps.length < 2 || cycleOf(row)) return undefined;
  const shown = root.steps.slice(0, MAX_SHOWN);
  const names = shown.map((step) => taskName(step));
  if (root.steps.length > shown.length) names.push(`others, in the end ${taskName(root)}`);
  return `${names[0]} waits for ${names.slice(1).join(", which waits for ")}${root.state === "cycle" ? ": a cycle" : ""}`;
}
