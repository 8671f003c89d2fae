/** Builds the graph of tasks that wait for each other. */
import { attempt, Fault } from "../../base/fault.ts";
import { blockedTasks } from "../../linux/locks/blockedTasks.ts";
import type { Holder, Wait } from "../../linux/locks/resource.ts";
import { resourceName } from "../../linux/locks/resourceName.ts";
import { taskWait } from "../../linux/locks/taskWait.ts";
import { lastArrival, ranUntil, runqueueClock } from "../../linux/sched/sched.ts";
import { type TaskActivity, taskActivity } from "../../linux/sched/sleeping.ts";
import { taskAt, taskComm, taskCpu, taskPid } from "../../linux/sched/task.ts";
import { derivedByWork, derivedFor } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { type Step } from "../check.ts";
import { cycleThrough, cyclicComponents } from "./cycles.ts";
import { readersOf } from "./readers.ts";
import { type Spinner, spinners } from "./spinning.ts";
import { type TaskFate, taskFate } from "./taskFate.ts";

/** A task that other tasks wait for. */
export interface KnownHolder extends Holder {
  readonly fate: TaskFate;
  /** Undefined if it cannot be read. */
  readonly pid: number | undefined;
  /** Undefined if it cannot be read. */
  readonly comm: string | undefined;
}

/** A task that sleeps, is stopped or spins on a CPU, with the resource that it waits for. */
export interface WaitingTask {
  readonly task: Obj;
  readonly pid: number;
  readonly comm: string;
  readonly activity: TaskActivity;
  readonly wait: Wait;
  /** Name of the resource, if it has one. */
  readonly name: string | undefined;
  readonly holders: readonly KnownHolder[];
}

/** Tasks in a cycle: each waits for a resource of the next one, and the last for a resource of the first. */
export interface WaitCycle {
  readonly tasks: readonly WaitingTask[];
  /** "certain" if each lock names its holder itself; otherwise the certainty of the least certain holder. */
  readonly certainty: Holder["certainty"];
}

export interface WaitGraph {
  /** Blocked tasks and tasks whose CPU spins for a lock, the longest wait first. */
  readonly blocked: readonly WaitingTask[];
  /** Cycles of certain edges come first. */
  readonly cycles: readonly WaitCycle[];
  /** Every waiting task of the graph, by the address of its `task_struct`. */
  readonly tasks: ReadonlyMap<bigint, WaitingTask>;
}

/**
 * Returns a task and what it waits for; it has no holders unless it sleeps or is stopped.
 * @throws Fault if there is no readable task at the address
 */
export const waitingTask = derivedFor("waiting tasks", (kernel, address: bigint): WaitingTask => {
  const task = kernel.object("struct task_struct", address);
  const activity = taskActivity(task);
  const wait = taskWait(kernel, address);
  const state = activity === "sleeping" || activity === "stopped" ? wait.state : undefined;
  return {
    task,
    pid: taskPid(task),
    comm: taskComm(task),
    activity,
    wait,
    name: wait.resource && resourceName(kernel, wait.resource),
    holders: (state?.holders ?? [])
      // A task that was handed the lock does not wait for another task.
      .filter((holder) => !(holder.isHandedOver && holder.task === address))
      .map((holder) => knownHolder(kernel, holder, wait)),
  };
});

/** Returns a task whose CPU spins for a lock, like a task that sleeps. */
function spinningTask(kernel: Kernel, { context, wait }: Spinner): WaitingTask {
  return {
    task: context.task,
    pid: context.pid,
    comm: context.comm,
    activity: "running",
    wait,
    name: wait.resource && resourceName(kernel, wait.resource),
    holders: (wait.state?.holders ?? []).map((holder) => knownHolder(kernel, holder, wait)),
  };
}

/**
 * Adds the tasks that may hold a semaphore for reading according to their stacks, for a semaphore that is held by
 * readers. They come before the last reader that the semaphore names, which may have left.
 */
function* withReaders(kernel: Kernel, waiting: WaitingTask): Generator<Step, WaitingTask, void> {
  const { resource, state } = waiting.wait;
  if (resource?.kind !== "rwsem" || !state || state.isFree === true || state.readers !== undefined) return waiting;
  if (state.note === undefined) return waiting;
  if (waiting.holders.some(({ certainty }) => certainty === "certain")) return waiting;
  const found = yield* readersOf(kernel, resource.address);
  const readers = found.map((holder) => knownHolder(kernel, holder, waiting.wait));
  const others = waiting.holders.filter(({ task }) => !readers.some((one) => one.task === task));
  return { ...waiting, holders: [...readers, ...others] };
}

/** Tolerated difference between a CPU's clock and the kernel's clock, in nanoseconds. */
const CLOCK_MARGIN_NS = 2_000_000_000n;

function knownHolder(kernel: Kernel, holder: Holder, wait: Wait): KnownHolder {
  const object = kernel.object("struct task_struct", holder.task);
  const [pid, comm] = [attempt(() => taskPid(object)), attempt(() => taskComm(object))];
  const known = {
    ...holder,
    fate: taskFate(kernel, holder.task),
    pid: pid instanceof Fault ? undefined : pid,
    comm: comm instanceof Fault ? undefined : comm,
  };
  if (holder.certainty !== "certain" || !isYounger(kernel, object, wait)) return known;
  const how =
    "it started after the time until which the first waiter is known to have run: the task that took the lock may have exited, and its task_struct may now belong to this task";
  return { ...known, certainty: "possible", how };
}

/**
 * Returns whether the holder of a mutex started, by more than CLOCK_MARGIN_NS, after the time until which the first
 * waiter ran. Each release wakes the first waiter, so a task that started later cannot have taken the lock since.
 */
function isYounger(kernel: Kernel, holder: Obj, { queue, resource }: Wait): boolean {
  const first = queue[0]?.task;
  if (first === undefined || resource?.kind !== "mutex") return false;
  const times = attempt(() => ({
    start: holder.at("start_time").value(),
    ran: ranUntil(kernel.object("struct task_struct", first)),
  }));
  return !(times instanceof Fault) && times.ran > 0n && times.start > times.ran + CLOCK_MARGIN_NS;
}

/**
 * Returns the nanoseconds since a task last got a CPU, by the last update of its CPU's clock, as crash's `ps -m` does. At
 * that update, the task had waited at most this long. The clock of an idle CPU can be much older than the crash;
 * sinceArrival() takes the newest clock of all CPUs instead.
 * @throws Fault if the clock or the task cannot be read
 */
export function sinceLastRun({ task }: WaitingTask): bigint {
  const since = runqueueClock(task.kernel, taskCpu(task)) - lastArrival(task);
  return since < 0n ? 0n : since;
}

/** Activities of tasks that wait for something. */
const WAITS: readonly TaskFate["activity"][] = ["sleeping", "stopped"];

/** The blocked tasks, with the holders that their locks record. */
const recordedWaits = derivedByWork("recorded waits", function* (kernel): Generator<Step, WaitingTask[], void> {
  const blocked: WaitingTask[] = [];
  const all = blockedTasks(kernel);
  for (const [done, task] of all.entries()) {
    yield { kind: "progress", what: "blocked tasks", done, total: all.length };
    const waiting = attempt(() => waitingTask(kernel, task.address));
    if (!(waiting instanceof Fault)) blocked.push(waiting);
  }
  return blocked;
});

/**
 * Builds the wait graph without a search for holders on stacks, which takes most of the time and finds no certain
 * holder. Its certain edges are those of `waitGraph`.
 */
export const recordedWaitGraph = derivedByWork("recorded wait graph", function* (kernel) {
  return yield* graphOf(kernel, yield* recordedWaits(kernel));
});

/** Builds the wait graph of all blocked tasks and of the tasks that they wait for, once for each kernel. */
export const waitGraph = derivedByWork("wait graph", function* (kernel): Generator<Step, WaitGraph, void> {
  const blocked: WaitingTask[] = [];
  for (const one of yield* recordedWaits(kernel)) blocked.push(yield* withReaders(kernel, one));
  for (const one of yield* spinners(kernel)) blocked.push(spinningTask(kernel, one));
  return yield* graphOf(kernel, blocked);
});

/** Builds the graph of some blocked tasks and of the tasks that they wait for. */
function* graphOf(kernel: Kernel, waiting: readonly WaitingTask[]): Generator<Step, WaitGraph, void> {
  const tasks = new Map<bigint, WaitingTask>();
  const pending = [...waiting];
  for (const one of pending) {
    if (tasks.has(one.task.address)) continue;
    tasks.set(one.task.address, one);
    yield { kind: "progress", what: "tasks that others wait for", done: tasks.size, total: pending.length };
    for (const { task } of one.holders) {
      if (tasks.has(task) || !taskAt(kernel, task) || !WAITS.includes(taskFate(kernel, task).activity)) continue;
      const holder = attempt(() => waitingTask(kernel, task));
      if (!(holder instanceof Fault)) pending.push(holder);
    }
  }
  const since = new Map(waiting.map((one) => [one, attempt(() => sinceLastRun(one))]));
  const time = (one: WaitingTask): bigint => {
    const known = since.get(one);
    return typeof known === "bigint" ? known : -1n;
  };
  const blocked = waiting.toSorted((a, b) => (time(a) === time(b) ? a.pid - b.pid : time(a) < time(b) ? 1 : -1));
  return { blocked, tasks, cycles: cyclesOf(tasks) };
}

/**
 * Returns one cycle for each component of certain edges, then cycles that need edges that are likely, then those that
 * need edges that are only possible.
 */
function cyclesOf(tasks: ReadonlyMap<bigint, WaitingTask>): WaitCycle[] {
  const edges = (isFollowed: (holder: KnownHolder, waiting: WaitingTask) => boolean) => (one: WaitingTask) =>
    one.holders.filter((holder) => isFollowed(holder, one)).flatMap(({ task }) => tasks.get(task) ?? []);
  const found: WaitCycle[] = [];
  const add = (next: (one: WaitingTask) => readonly WaitingTask[], certainty: WaitCycle["certainty"]): void => {
    const known = new Set(found.flatMap((cycle) => cycle.tasks));
    found.push(...cyclesBy(tasks, next, certainty).filter((cycle) => !cycle.tasks.some((one) => known.has(one))));
  };
  add(
    edges(({ certainty }) => certainty === "certain"),
    "certain",
  );
  add(
    edges(({ certainty }) => certainty !== "possible"),
    "likely",
  );
  // A task that waits to write is sometimes the last known reader of the same lock. That does not show that it still
  // holds the lock.
  add(
    edges(({ certainty, task }, waiting) => certainty !== "possible" || task !== waiting.task.address),
    "possible",
  );
  return found;
}

function cyclesBy(
  tasks: ReadonlyMap<bigint, WaitingTask>,
  next: (one: WaitingTask) => readonly WaitingTask[],
  certainty: WaitCycle["certainty"],
): WaitCycle[] {
  return cyclicComponents({ nodes: tasks.values(), next }).flatMap((component) => {
    // Start the cycle at the lowest pid, so that the same dump always gives the same output.
    const members = new Set(component);
    for (const start of component.sort((a, b) => a.pid - b.pid)) {
      const cycle = cycleThrough(start, members, next);
      if (cycle.length > 0) return [{ tasks: cycle, certainty }];
    }
    return [];
  });
}
