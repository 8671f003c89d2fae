/** The frames at the top of a stack that only handle the crash, or only put the task to sleep. */
import { attempt, Fault } from "../base/fault.ts";
import { timeWords } from "../insight/health/amounts.ts";
import { crashSite } from "../linux/printk/crashSite.ts";
import { newestClock, ranUntil } from "../linux/sched/sched.ts";
import { type TaskActivity, taskActivity } from "../linux/sched/sleeping.ts";
import { waitFrameIndex } from "../linux/sched/waitFrame.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Frame } from "../unwind/frame.ts";

/** Frames that a client folds, and the text for them. */
export interface Machinery {
  /** Number of frames, counted from the innermost one. */
  readonly count: number;
  /** `panic machinery`, or `waits in mutex_lock, 12.1 s`. */
  readonly origin: string;
}

/**
 * Returns the frames that are folded: those that handle the crash, or the functions of the scheduler and of locks in
 * which a task that is not on a CPU waits. `count` is 0 if there are none.
 */
export function machineryOf(
  kernel: Kernel,
  { task, runningOn }: { readonly task: Obj | undefined; readonly runningOn: number | undefined },
  frames: readonly Frame[],
): Machinery {
  const site = crashSite(frames);
  if (site > 0 || !task || runningOn !== undefined) return { count: site, origin: "panic machinery" };
  const count = waitFrameIndex(kernel, frames);
  return { count, origin: count > 0 ? waitText(task, frames.slice(0, count)) : "" };
}

/** What a task that is not on a CPU does, by its activity. */
const WORDS: Readonly<Record<TaskActivity, string>> = {
  running: "waits",
  runnable: "waits for a CPU",
  sleeping: "waits",
  stopped: "stopped",
  dead: "exited",
  unknown: "waits",
};

/** Names of functions by which every wait begins, so that they do not distinguish waits. */
const GENERIC = /^(__schedule|schedule|__switch_to|__switch_to_asm|preempt_schedule\w*|_cond_resched|__cond_resched)$/;

function waitText(task: Obj, frames: readonly Frame[]): string {
  const activity = taskActivity(task);
  // Compilers append `.constprop.0` and the like.
  const name = frames.at(-1)?.symbol?.name.replace(/\..*/, "");
  const place = activity !== "sleeping" || name === undefined || GENERIC.test(name) ? "" : ` in ${name}`;
  const time = timeSinceRun(task);
  return `${WORDS[activity]}${place}${time === undefined ? "" : `, ${time}`}`;
}

/**
 * Returns the time since the task left its CPU as `12.1 s` or `5 min 12 s`; undefined if that is not known or the
 * task never ran.
 */
export function timeSinceRun(task: Obj): string | undefined {
  const since = attempt(() => {
    const ranAt = ranUntil(task);
    return ranAt === 0n ? undefined : newestClock(task.kernel) - ranAt;
  });
  return since === undefined || since instanceof Fault || since < 0n ? undefined : timeWords(since);
}
