import { firstHolder, rootOf } from "../../../../insight/waits/root.ts";
import {
  sinceLastRun,
  type KnownHolder,
  type WaitCycle,
  type WaitGraph,
  type WaitingTask,
} from "../../../../insight/waits/waitGraph.ts";
import { heldBy, taskName, waitType, waitWords } from "../../../../insight/waits/words.ts";
import type { PanelKeys } from "../../../../protocol/records.ts";
import { agoText } from "../../../../render/quantity.ts";
import { addressJson, type Json, type Span } from "../../../../say/piece.ts";
import { columnOf, type Fields, type Table } from "../../../../say/table.ts";
import { taskColumns } from "../../../say/taskHeading.ts";

/** A row: a task, and the graph that it is in. */
export interface WaitRow {
  readonly waiting: WaitingTask;
  readonly graph: WaitGraph;
}

const HOLDER: Fields = {
  pid: taskColumns.pid,
  comm: taskColumns.comm,
  task: taskColumns.task,
  certainty: { kind: "text", about: "certain, likely or possible" },
  how: { kind: "text", about: "how it is known" },
  activity: { kind: "text", about: "running, runnable, sleeping, stopped, dead, freed, gone or unknown" },
};

const ROOT: Fields = {
  pid: taskColumns.pid,
  comm: taskColumns.comm,
  task: taskColumns.task,
  state: { kind: "text", about: "as `activity`; cycle where the chain leads back into itself" },
  certain: { kind: "flag", about: "each step on the way is certain" },
};

const of = ({ waiting }: WaitRow) => waiting.task;

export const waitsTable: Table<WaitRow, PanelKeys["waits"]> = {
  gap: "  ",
  columns: {
    pid: { ...columnOf(taskColumns.pid, of), title: "PID", width: 7 },
    comm: { ...columnOf(taskColumns.comm, of), title: "COMMAND", width: "rows" },
    task: columnOf(taskColumns.task, of),
    cpu: columnOf(taskColumns.cpu, of),
    state: { ...columnOf(taskColumns.state, of), title: "ST", width: 2 },
    ago_ns: {
      kind: "nanoseconds",
      title: "LAST RAN",
      about: "since it last got a CPU, by that CPU's clock: it waits no longer",
      width: "rows",
      align: "right",
      value: ({ waiting }) => sinceLastRun(waiting),
      text: agoText,
    },
    type: {
      kind: "text",
      about: "mutex, rwsem-read, completion and the like",
      value: ({ waiting }) => waitType(waiting.wait),
    },
    resource: { kind: "address", about: "what it waits for", value: ({ waiting }) => waiting.wait.resource?.address },
    name: { kind: "text", about: "what the resource is known by", value: ({ waiting }) => waiting.name },
    waitsFor: {
      kind: "text",
      title: "WAITS FOR",
      about: "the same as a phrase",
      width: "rows",
      value: ({ waiting }) => waitWords(waiting),
      text: (words, { waiting }) => resourceSpan(words, waiting),
    },
    heldBy: {
      kind: "text",
      title: "HELD BY",
      about: "the first of `holders` as a phrase",
      value: ({ waiting }) => heldBy(waiting),
      text: (words, { waiting }) => holderSpan(words, waiting),
    },
    function: { kind: "text", about: "the function that waits", value: ({ waiting }) => waiting.wait.function },
    waiter: { kind: "address", about: "the struct on its stack", value: ({ waiting }) => waiting.wait.waiter?.address },
    waiterType: { kind: "text", about: "its C type", value: ({ waiting }) => waiting.wait.waiter?.type },
    holders: {
      kind: "data",
      about: "who has it",
      fields: HOLDER,
      value: ({ waiting }) => waiting.holders.map(holderJson),
    },
    waiters: {
      kind: "data",
      about: "pids of all who wait for it, first in line first",
      value: ({ waiting, graph }) => queuePids(waiting, graph),
    },
    root: { kind: "data", about: "where the chain ends", fields: ROOT, value: rootJson },
    chain: { kind: "data", about: "pids from the holder to the root", value: chainJson },
    cycle: {
      kind: "data",
      about: "pids of the cycle that it is in, each waiting for the next",
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
    note: { kind: "text", about: "what the resource says besides", value: ({ waiting }) => waiting.wait.state?.note },
    unknown: { kind: "text", about: "why more is not known", value: ({ waiting }) => waiting.wait.unknown },
  },
};

/** The cycle that a task is in. */
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

/** Pids of those in line; null for what is no task. */
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

/** Steps of a chain that a line tells. */
const MAX_SHOWN = 8;

/** The chain of a task that waits for one that waits, as a line below its row. */
export function chainText(row: WaitRow): string | undefined {
  const root = rootOf(row.graph, row.waiting);
  if (!root || root.steps.length < 2 || cycleOf(row)) return undefined;
  const shown = root.steps.slice(0, MAX_SHOWN);
  const names = shown.map((step) => taskName(step));
  if (root.steps.length > shown.length) names.push(`others, in the end ${taskName(root)}`);
  return `${names[0]} waits for ${names.slice(1).join(", which waits for ")}${root.state === "cycle" ? ": a cycle" : ""}`;
}
