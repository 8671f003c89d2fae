/** The tasks of a dump as DAP threads. */
import { internalError } from "../base/sourceStack.ts";
import { attempt, Fault } from "../base/fault.ts";
import { UsageError } from "../base/usageError.ts";
import { runningOn, runningTasks } from "../linux/sched/cpu.ts";
import { firstTask, hungTask } from "../linux/printk/panic.ts";
import { taskComm, taskPid, taskTable } from "../linux/sched/task.ts";
import { type TaskState, taskState } from "../linux/sched/taskState.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Job } from "../base/job.ts";
import type { LaunchArguments } from "./launch.ts";
import { timeSinceRun } from "./machinery.ts";

/** A task as a DAP thread. */
export interface Thread {
  readonly id: number;
  /** The task. Undefined for the placeholder that is shown when the dump's tasks cannot be read. */
  readonly task: Obj | undefined;
  /** Why there is no task. */
  readonly fault?: Fault;
  /** The CPU that was running the task. */
  readonly runningOn: number | undefined;
}

/**
 * Id of the first thread that cannot have its pid as id: idle tasks all have pid 0, and a damaged table may repeat a
 * pid. It is above every pid (PID_MAX_LIMIT is 2^22).
 */
const FIRST_UNNAMED_ID = 1 << 24;

/** Number of tasks per step of the job. */
const STEP = 64;

/** Every task as a thread: ids, names, and the order of the list. */
export class Threads {
  private readonly kernel: Kernel;
  private readonly choice: LaunchArguments["threads"];
  private readonly byId = new Map<number, Thread>();
  private readonly byTask = new Map<bigint, Thread>();
  private listed: readonly Thread[] | undefined;
  /** The internal error because of which no task can be read. */
  private failed: Fault | undefined;

  constructor(kernel: Kernel, choice: LaunchArguments["threads"]) {
    this.kernel = kernel;
    this.choice = choice;
  }

  /**
   * The thread in which a session starts: the first hung task after a panic about hung tasks, because the task that
   * panicked only reported it; else the task that panicked. A placeholder if there is no task, because DAP clients need a
   * thread.
   */
  first(): Thread {
    if (this.failed) return this.placeholder(this.failed);
    const task = this.hungTask ?? attempt(() => firstTask(this.kernel));
    return task instanceof Fault ? this.placeholder(task) : this.of(task);
  }

  /** What the first thread is to a crash, for the badge of its row. */
  get badge(): string {
    return this.hungTask ? "Hung task" : "Kernel panic";
  }

  private get hungTask(): Obj | undefined {
    const task = attempt(() => hungTask(this.kernel));
    return task instanceof Fault ? undefined : task;
  }

  /**
   * Returns the first thread, or the placeholder after an internal error. The search for the first thread is not
   * repeated then, because it may be what failed.
   */
  firstOrPlaceholder(): Thread {
    try {
      return this.first();
    } catch (error) {
      return this.placeholder((this.failed = Fault.of("unknown", `internal error: ${internalError(error).summary}`)));
    }
  }

  private placeholder(fault: Fault): Thread {
    const thread = { id: FIRST_UNNAMED_ID - 1, task: undefined, runningOn: undefined, fault };
    this.byId.set(thread.id, thread);
    return thread;
  }

  /** Returns the thread of a task. */
  of(task: Obj): Thread {
    const known = this.byTask.get(task.address);
    if (known) return known;
    const pid = attempt(() => taskPid(task));
    const id = typeof pid === "number" && pid > 0 && !this.byId.has(pid) ? pid : FIRST_UNNAMED_ID + this.byTask.size;
    const cpu = attempt(() => runningOn(this.kernel, task));
    const thread = { id, task, runningOn: cpu instanceof Fault ? undefined : cpu };
    this.byId.set(id, thread);
    this.byTask.set(task.address, thread);
    return thread;
  }

  /** The tasks that the CPUs ran; empty if that is not known. */
  private running(): ReturnType<typeof runningTasks> {
    const running = attempt(() => runningTasks(this.kernel));
    return running instanceof Fault ? [] : running;
  }

  /** Returns the thread with this id, if the client knows it. */
  find(id: number): Thread | undefined {
    return this.byId.get(id);
  }

  /** Returns the thread with this id. @throws UsageError for an unknown id */
  get(id: number): Thread {
    const thread = this.byId.get(id);
    if (!thread) throw new UsageError(`there is no thread ${id}`);
    return thread;
  }

  /**
   * Lists the first thread, each CPU's current task, blocked tasks (longest blocked first), then the others by pid, up to
   * the count that the user chose. Reads no stack.
   */
  *list(): Job<readonly Thread[]> {
    if (this.listed && !this.failed) return this.listed;
    const first = this.first();
    if (this.failed) return [first];
    return (this.listed = yield* this.inOrder(first));
  }

  private *inOrder(first: Thread): Job<readonly Thread[]> {
    const running = this.running().map(({ task }) => this.of(task));
    const [blocked, others]: [{ thread: Thread; ranAt: bigint }[], Thread[]] = [[], []];
    let row = 0;
    for (const task of taskTable(this.kernel).tasks) {
      if (++row % STEP === 0) yield;
      const thread = this.of(task);
      const state = attempt(() => taskState(task));
      // Read the name now, while the task's page is cached.
      threadName(thread);
      if (state === "UN") blocked.push({ thread, ranAt: lastRun(task) });
      else others.push(thread);
    }
    blocked.sort((a, b) => (a.ranAt < b.ranAt ? -1 : a.ranAt > b.ranAt ? 1 : 0));
    const relevant = [first, ...running, ...blocked.map(({ thread }) => thread)];
    const order = [...new Set([...relevant, ...others])];
    if (this.choice === "all") return order;
    return order.slice(0, this.choice === "relevant" ? new Set(relevant).size : this.choice);
  }
}

/**
 * Nanoseconds since boot when the task last got a CPU (`sched_info`, kernel/sched/stats.h). An unknown time counts as
 * later than all others.
 */
function lastRun(task: Obj): bigint {
  const path = task.has("sched_info.last_arrival") ? "sched_info.last_arrival" : "se.exec_start";
  const time = attempt(() => task.at(path).value());
  return time instanceof Fault ? 1n << 64n : time;
}

/**
 * Returns a name such as `init [1] cpu 2 >` or `cat [282] blocked 12.1 s`. As in crash's ps, `>` marks a CPU's
 * current task.
 */
export function threadName(thread: Thread): string {
  let name = names.get(thread);
  if (name === undefined) names.set(thread, (name = readName(thread)));
  return name;
}

/** Cache of names, because clients request all threads at every stop. */
const names = new WeakMap<Thread, string>();

function readName(thread: Thread): string {
  const { task, fault } = thread;
  if (!task) return `no tasks: ${fault?.message ?? "unknown"}`;
  return `${taskLabel(task)} ${threadState(thread)}`.trimEnd();
}

/** Returns `cat [282]`, with the reason in place of what cannot be read. */
export function taskLabel(task: Obj): string {
  const cell = <T>(read: () => T): T | string => {
    const value = attempt(read);
    return value instanceof Fault ? `<${value.message}>` : value;
  };
  return `${cell(() => taskComm(task))} [${cell(() => taskPid(task))}]`;
}

/** Returns what a thread does: `cpu 2 >`, or `blocked 12.1 s`. */
export function threadState({ task, runningOn }: Thread): string {
  if (runningOn !== undefined) return `cpu ${runningOn} >`;
  if (!task) return "";
  const state = attempt(() => taskState(task));
  const since = timeSinceRun(task);
  return state instanceof Fault ? "" : `${STATES[state]}${since === undefined ? "" : ` ${since}`}`;
}

const STATES: Readonly<Record<TaskState, string>> = {
  RU: "runnable",
  IN: "sleeping",
  UN: "blocked",
  ID: "idle",
  ZO: "zombie",
  DE: "dead",
  ST: "stopped",
  TR: "traced",
  WA: "waking",
  PA: "parked",
  NE: "new",
  "??": "in an unknown state",
};
