/** Tasks that wait for a signal, for their tracer, for the end of a freeze, or for the other threads of their process. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { signalName, signalSet, signalsOf } from "../sched/signal.ts";
import { taskActivity } from "../sched/sleeping.ts";
import { taskState } from "../sched/taskState.ts";
import { MAX_TASKS, threads } from "../sched/task.ts";
import type { Found, Holder, ResourceKind } from "./resource.ts";
import type { Sleeper } from "./sleeper.ts";

type Task = Obj<"struct task_struct">;

const signalResource = (task: Task, phrase: string): Found => ({
  resource: { kind: "signal", type: undefined, address: task.address, phrase },
});

/** Maximum number of signals that a message names. */
const MAX_SIGNALS = 4;

/**
 * Returns the signals that a task waits for in sigtimedwait(2). During the wait they are removed from `blocked`;
 * `real_blocked` still has them (kernel/signal.c: do_sigtimedwait()). Any signal if they are more than MAX_SIGNALS, or
 * none.
 */
export function awaitedSignals({ task }: Sleeper): Found {
  const set = signalSet(task.at("real_blocked")) & ~signalSet(task.at("blocked"));
  const names = signalsOf(set).map(signalName);
  if (names.length === 0 || names.length > MAX_SIGNALS) return anySignal({ task });
  return signalResource(task, `${names.join(" or ")}`);
}

/** Returns the wait for any signal with a handler, such as in pause(2). */
export const anySignal = ({ task }: Pick<Sleeper, "task">): Found => signalResource(task, "a signal");

/**
 * Returns what a task in get_signal() (kernel/signal.c) waits for: SIGCONT, its tracer, or the end of a freeze of its
 * cgroup; undefined if it waits for none of them. `task_struct.frozen` exists since Linux kernel commit 76f969e8948d
 * ("cgroup: cgroup v2 freezer") (in v5.2).
 */
export function stopWait({ task }: Sleeper): Found | undefined {
  const state = taskState(task);
  if (state === "ST") return signalResource(task, "SIGCONT");
  if (state === "TR") {
    const tracer = task.at("parent").value();
    // __ptrace_unlink() clears `ptrace` before it wakes the task, which stops again if its process is stopped.
    if (task.at("ptrace").number() === 0) return signalResource(task, "SIGCONT or its tracer");
    return {
      ...signalResource(task, "its tracer"),
      state: {
        holders: [{ task: tracer, certainty: "certain", how: "the tracer, which has to continue it" }],
        fields: [],
      },
    };
  }
  if (task.has("frozen") && task.at("frozen").number() === 1) return { resource: freezer(task) };
  return undefined;
}

/** Returns the resource of a task that is frozen with its cgroup (version 2). */
function freezer(task: Task) {
  const name = attempt(() => task.at("cgroups.dfl_cgrp.kn.name").text());
  const cgroup = name instanceof Fault || name === "" ? "its cgroup" : `its cgroup ${name}`;
  return { kind: "freezer", type: undefined, address: task.address, phrase: `${cgroup} to be thawed` } as const;
}

/** Returns the wait in the freezer of the power management or of cgroups of version 1 (kernel/freezer.c). */
export const freezerWait = ({ task }: Sleeper): Found => ({
  resource: { kind: "freezer", type: undefined, address: task.address, phrase: "to be thawed" },
});

const hasExited = (thread: Task): boolean => taskActivity(thread) === "dead";

/**
 * Returns the threads that have to exit before execve(2) can continue (fs/exec.c: de_thread()). Undefined if the task
 * does not wait for them. `group_exec_task` was called `group_exit_task` before v5.17.
 */
export function otherThreads({ task }: Sleeper): Found | undefined {
  const signal = task.at("signal").deref();
  const member = ["group_exec_task", "group_exit_task"].find((name) => signal.has(name));
  if (member === undefined || signal.at(member).value() !== task.address) return undefined;
  const others = [...threads(task.at("group_leader").deref())].filter((one) => one.address !== task.address);
  return threadsWait(others, {
    object: signal,
    type: "struct signal_struct",
    kind: "thread exit",
    phrase: "the other threads of its process to exit (execve)",
    how: "a thread of the process, which has to exit before execve continues",
    counter: "notify_count",
  });
}

/** The object that counts threads, and the words for a wait for them. */
interface ThreadCount {
  readonly object: Obj;
  /** The C type of the object. */
  readonly type: string;
  readonly kind: ResourceKind;
  readonly phrase: string;
  /** The reason why the threads block the task. */
  readonly how: string;
  /** Path of the counter in the object. */
  readonly counter: string;
}

/** Returns a wait for threads of a process. Threads that have exited block nothing. */
function threadsWait(waitedFor: readonly Obj[], { object, type, kind, phrase, how, counter }: ThreadCount): Found {
  const { address } = object;
  const holders = waitedFor
    .filter((one) => !hasExited(one))
    .map((one): Holder => ({ task: one.address, certainty: "certain", how }));
  const field = { type, address, path: counter, value: String(object.at(counter).number()) };
  return { resource: { kind, type, address, phrase }, state: { holders, fields: [field] } };
}

/**
 * Returns the `struct core_state` of a process; undefined if no core is dumped. It is in `signal_struct` since v5.16
 * (commit 0258b5fd7c71), before in `mm`.
 */
function coreState(task: Task): Obj | undefined {
  const path = ["signal.core_state", "mm.core_state"].find((one) => task.has(one));
  const state = path === undefined ? undefined : task.at(path).deref();
  return state && state.address !== 0n ? state : undefined;
}

/** Returns the threads that are stopped for a core dump, with the one that writes it (fs/coredump.c: core_thread). */
function stoppedThreads(state: Obj): Set<bigint> {
  const found = new Set<bigint>();
  for (let one = state.at("dumper"); found.size < MAX_TASKS; one = one.at("next").deref()) {
    found.add(one.at("task").value());
    if (one.at("next").value() === 0n) break;
  }
  return found;
}

/**
 * Returns what the thread that writes a core dump waits for, the threads that are not stopped yet; undefined if the
 * completion is another. @param completion the completion that it waits for, which is `core_state.startup`
 */
export function coreDumpWait({ task }: Sleeper, completion: bigint): Found | undefined {
  const state = coreState(task);
  if (!state || state.at("startup").address !== completion) return undefined;
  const stopped = stoppedThreads(state);
  const others = [...threads(task.at("group_leader").deref())].filter((one) => !stopped.has(one.address));
  return threadsWait(others, {
    object: state,
    type: "struct core_state",
    kind: "core dump",
    phrase: "the other threads of its process to stop (core dump)",
    how: "a thread of the process, which has to stop before the core is dumped",
    counter: "nr_threads.counter",
  });
}

/** Returns the wait of an exiting thread for the end of a core dump; undefined if none is in progress. */
export function dumpedWait({ task }: Sleeper): Found | undefined {
  const state = coreState(task);
  if (!state || !stoppedThreads(state).has(task.address)) return undefined;
  const dumper = state.at("dumper.task").value();
  if (dumper === task.address) return undefined;
  return {
    resource: {
      kind: "core dump",
      type: "struct core_state",
      address: state.address,
      phrase: "the core dump of its process",
    },
    state: { holders: [{ task: dumper, certainty: "certain", how: "writes the core dump" }], fields: [] },
  };
}
