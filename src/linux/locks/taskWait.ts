/** What a sleeping task waits for. */
import { attempt, Fault } from "../../base/fault.ts";
import { derivedFor } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Frame } from "../../unwind/frame.ts";
import { stackTrace } from "../sched/stackTrace.ts";
import { waitFrameIndex } from "../sched/waitFrame.ts";
import { completionWait } from "./completion.ts";
import { futexWait, inheritedFutex } from "./futex.ts";
import { messageQueueWait, posixQueueWait, semaphoreSetWait } from "./ipcWait.ts";
import { MUTEX, queuedFor, RWSEM, SEMAPHORE } from "./lockWaiters.ts";
import { lockState } from "./lockState.ts";
import { percpuWriterWait } from "./percpuRwsem.ts";
import { pollWait } from "./queues/epoll.ts";
import type { Found, Wait } from "./resource.ts";
import { rtMutexWait } from "./rtMutex.ts";
import { isRwbase, rwbaseWriterWait } from "./rwsem.ts";
import { anySignal, awaitedSignals, dumpedWait, freezerWait, otherThreads, stopWait } from "./signalWait.ts";
import { frameFunction, type SleepFrame, type Sleeper, waitingFrame } from "./sleeper.ts";
import { simpleQueueWait } from "./simpleQueue.ts";
import { waitQueueWait } from "./waitQueue.ts";

interface WaitRule {
  /** Names of functions that wait. */
  readonly functions: RegExp;
  /** Finds what the function waits for; undefined if it does not wait for that. @throws Fault if it cannot be found */
  readonly find: (sleeper: Sleeper) => Found | undefined;
}

/** Rules for functions that do not wait on a wait queue. */
const RULES: readonly WaitRule[] = [
  { functions: /^(__)?(ww_)?mutex_lock(_\w+)?$/, find: (sleeper) => queuedFor(sleeper, MUTEX) },
  {
    functions: /^(rwsem_down_(read|write)_\w+|(__)?down_(read|write)(_killable|_interruptible|_common)?)$/,
    find: (sleeper) => (isRwbase(sleeper.kernel) ? rwbaseWriterWait(sleeper) : queuedFor(sleeper, RWSEM)),
  },
  {
    functions: /^(___?down_common|(__)?down(_interruptible|_killable|_timeout)?)$/,
    find: (sleeper) => queuedFor(sleeper, SEMAPHORE),
  },
  { functions: /^(do_|__)?wait_for_common(_io)?$|^wait_for_completion(_\w+)?$/, find: completionWait },
  { functions: /^(__)?futex_(wait\w*|lock_pi)$|^futex_(wait_queue(_me)?|do_wait)$/, find: futexWait },
  { functions: /^(rwbase_write_lock|rt_write_lock(_nested)?)$/, find: rwbaseWriterWait },
  { functions: /^percpu_down_write$/, find: percpuWriterWait },
  { functions: /^(do_sys_poll|do_poll|do_select|core_sys_select)$/, find: pollWait },
  { functions: /^(__)?do_semtimedop$/, find: semaphoreSetWait },
  { functions: /^do_msg(rcv|snd)$/, find: messageQueueWait },
  { functions: /^wq_sleep$|^do_mq_timed(send|receive)$/, find: posixQueueWait },
  { functions: /^do_sigtimedwait$/, find: awaitedSignals },
  { functions: /(^|_)sys_(pause|rt_sigsuspend|sigsuspend)$|^sigsuspend$/, find: anySignal },
  { functions: /^(do_signal_stop|ptrace_stop|get_signal|do_freezer_trap)$/, find: stopWait },
  { functions: /^__refrigerator$/, find: freezerWait },
  { functions: /^(de_thread|begin_new_exec)$/, find: otherThreads },
  { functions: /^(coredump_task_exit|exit_mm|do_exit)$/, find: dumpedWait },
];

/**
 * Functions of locks in which tasks sleep. With them a task that waits for a lock is found without unwinding its stack.
 */
export const LOCK_FUNCTIONS =
  /^((__)?(ww_)?mutex_lock(_\w+)?|rwsem_down_\w+|___?down_common|__down(_\w+)?|(__)?rt_mutex_slowlock\w*|rt_mutex_wait\w*|rwbase_\w+_lock|percpu_rwsem_wait|percpu_down_write)$/;

/**
 * What a task waits for. Never throws: if something is not known, `unknown` has the reason. @param task address of a
 * `task_struct` of a task that is not running
 */
export const taskWait = derivedFor("what a task waits for", (kernel, task: bigint): Wait => {
  const object = kernel.object("struct task_struct", task);
  const { frames, fault } = stackTrace(kernel, object);
  if (frames.length === 0) return unknownWait(object, undefined, 0, fault?.message ?? "its stack cannot be read");
  return waitOfStack(kernel, object, frames);
});

const unknownWait = (
  task: Obj<"struct task_struct">,
  name: string | undefined,
  frame: number,
  unknown: string | undefined,
): Wait => ({
  task,
  function: name,
  frame,
  resource: undefined,
  mode: undefined,
  waiter: undefined,
  queue: [],
  state: undefined,
  unknown,
});

/** Returns what a task waits for, for a stack that is already unwound. */
export function waitOfStack(kernel: Kernel, task: Obj<"struct task_struct">, frames: readonly SleepFrame[]): Wait {
  const at = waitingFrame(frames);
  const sleeper: Sleeper = { kernel, task, frames, at };
  const shown = waitFrameIndex(kernel, frames as readonly Frame[]);
  const frame = Math.max(at, shown);
  const shownFrame = frames[frame];
  const base = unknownWait(task, shownFrame && frameFunction(shownFrame), frame, undefined);
  const found = attempt(() => findWait(sleeper));
  if (found instanceof Fault) return { ...base, unknown: found.message };
  if (!found) return base;
  const wait = { ...base, ...found };
  if (wait.state || !wait.resource) return wait;
  const { resource } = wait;
  const state = attempt(() => lockState(kernel, resource));
  if (state instanceof Fault) return { ...wait, unknown: state.message };
  return { ...wait, state };
}

/** Adds the futex that an rt_mutex belongs to. */
function withFutex(sleeper: Sleeper, found: Found): Found {
  const { resource } = found;
  const phrase = resource && attempt(() => inheritedFutex(sleeper, resource.address));
  return resource && typeof phrase === "string" ? { ...found, resource: { ...resource, phrase } } : found;
}

function findWait(sleeper: Sleeper): Found | undefined {
  const frame = sleeper.frames[sleeper.at];
  const name = frame === undefined ? undefined : frameFunction(frame);
  const byPriority = rtMutexWait(sleeper.task);
  if (byPriority) return withFutex(sleeper, byPriority);
  const rule = name === undefined ? undefined : RULES.find(({ functions }) => functions.test(name));
  if (rule) return rule.find(sleeper);
  const simple = simpleQueueWait(sleeper);
  if (simple) return simple;
  // do_wait() gets the entry from its caller.
  return waitQueueWait(sleeper, name === "do_wait" ? sleeper.at + 1 : sleeper.at);
}
