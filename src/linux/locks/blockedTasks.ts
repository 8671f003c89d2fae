/** Tasks that are blocked. */
import { viewOf } from "../../base/bytes.ts";
import { attempt } from "../../base/fault.ts";
import { itemAtOrBelow } from "../../base/search.ts";
import { plainName } from "../../log/place.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { taskActivity } from "../sched/sleeping.ts";
import { sleepingStackPointer } from "../sched/stack.ts";
import { taskTable } from "../sched/task.ts";
import { taskState } from "../sched/taskState.ts";
import { isLock } from "./resource.ts";
import { LOCK_FUNCTIONS, taskWait } from "./taskWait.ts";

/**
 * Tasks in uninterruptible sleep, and tasks in interruptible sleep in one of the LOCK_FUNCTIONS, by pid. Tasks in
 * TASK_IDLE, such as idle kworkers, are not included.
 */
export const blockedTasks = derived("blocked tasks", (kernel): readonly Obj<"struct task_struct">[] =>
  taskTable(kernel).tasks.filter((task) => isBlocked(kernel, task)),
);

function isBlocked(kernel: Kernel, task: Obj<"struct task_struct">): boolean {
  const state = attempt(() => taskState(task));
  if (state !== "UN" && state !== "IN") return false;
  if (taskActivity(task) !== "sleeping") return false;
  if (state === "UN") return true;
  // The stack can contain return addresses of earlier calls, so the wait itself decides.
  return attempt(() => sleepsInLock(kernel, task)) === true && isLock(taskWait(kernel, task.address).resource?.kind);
}

/** Address ranges of the functions in which tasks wait for locks, ascending. */
const lockText = derived("text of lock functions", (kernel) => {
  const ranges: { readonly start: bigint; readonly end: bigint }[] = [];
  for (const { name, address, size, type } of kernel.symbols.all())
    if (/^[tTwW]$/.test(type ?? "t") && size > 0 && LOCK_NAME.test(name) && LOCK_FUNCTIONS.test(plainName(name)))
      ranges.push({ start: address, end: address + BigInt(size) });
  return ranges.sort((a, b) => (a.start < b.start ? -1 : 1));
});

/** Each name that LOCK_FUNCTIONS matches contains one of these. This test comes first because it is faster. */
const LOCK_NAME = /mutex|rwsem|down|rwbase/;

/**
 * Number of bytes of the stack to search. The frames of the scheduler and of the lock's function take about 300 bytes.
 */
const BYTES = 512;

/**
 * Whether the innermost part of the task's stack contains a return address into a lock's function. Unwinding
 * has to confirm it.
 */
function sleepsInLock(kernel: Kernel, task: Obj<"struct task_struct">): boolean {
  const { wordSize, byteOrder } = kernel.arch;
  const sp = sleepingStackPointer(task);
  const view = viewOf(kernel.memory.read(sp, BYTES));
  const ranges = lockText(kernel);
  const [first, last] = [ranges[0]?.start ?? 0n, ranges.at(-1)?.end ?? 0n];
  for (let at = 0; at + wordSize <= BYTES; at += wordSize) {
    const word =
      wordSize === 8
        ? view.getBigUint64(at, byteOrder === "little")
        : BigInt(view.getUint32(at, byteOrder === "little"));
    if (word < first || word > last) continue;
    const range = itemAtOrBelow(ranges, ({ start }) => start, word);
    if (range && word <= range.end) return true;
  }
  return false;
}
