/** Formats a task as `set` and `kmem` show it. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex, hex0x } from "../../base/hex.ts";
import { runningOn } from "../../linux/sched/cpu.ts";
import { panicTask } from "../../linux/printk/panic.ts";
import { stateBits, taskState } from "../../linux/sched/taskState.ts";
import { rawTaskState, taskComm, taskCpu, taskPid, tasksByPid } from "../../linux/sched/task.ts";
import type { Obj } from "../../model/object.ts";
import { faultSpan, record, type Line, type Piece, addressJson } from "../../say/piece.ts";
import type { Fields } from "../../say/table.ts";

/**
 * Names of the bits of `__state` and `exit_state` (include/linux/sched.h). `TASK_STOPPED` and `TASK_TRACED` stand for
 * the kernel's `__TASK_STOPPED` and `__TASK_TRACED`, as in crash. Each bit has the same meaning since v4.14; the last
 * three were added in v6.1.
 */
const STATE_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x0001, "TASK_INTERRUPTIBLE"],
  [0x0002, "TASK_UNINTERRUPTIBLE"],
  [0x0004, "TASK_STOPPED"],
  [0x0008, "TASK_TRACED"],
  [0x0010, "EXIT_DEAD"],
  [0x0020, "EXIT_ZOMBIE"],
  [0x0040, "TASK_PARKED"],
  [0x0080, "TASK_DEAD"],
  [0x0100, "TASK_WAKEKILL"],
  [0x0200, "TASK_WAKING"],
  [0x0400, "TASK_NOLOAD"],
  [0x0800, "TASK_NEW"],
  [0x1000, "TASK_RTLOCK_WAIT"],
  [0x2000, "TASK_FREEZABLE"],
  [0x4000, "__TASK_FREEZABLE_UNSAFE"],
  [0x8000, "TASK_FROZEN"],
];

/** Formats state bits: `TASK_UNINTERRUPTIBLE|TASK_WAKEKILL`; bits without a name as a number. */
export function stateNames(state: number): string {
  if (state === 0) return "TASK_RUNNING";
  const named = STATE_NAMES.filter(([bit]) => state & bit);
  const rest = named.reduce((left, [bit]) => left & ~bit, state);
  return [...named.map(([, name]) => name), ...(rest ? [hex0x(rest)] : [])].join("|");
}

/** The fields of `taskContext`. */
export const taskContextFields: Fields = {
  pid: { kind: "number" },
  comm: { kind: "text" },
  task: { kind: "task" },
  threadInfo: { kind: "address", about: "of the struct thread_info" },
  cpu: { kind: "number" },
  state: { kind: "text", about: "letters as in `ps -S`, such as RU, IN or UN" },
};

/** Formats a task as `set` and `kmem` show it: pid, name, addresses, CPU and state. */
export function taskContext(task: Obj): Piece {
  const { kernel } = task;
  const pid = attempt(() => taskPid(task));
  const comm = attempt(() => taskComm(task));
  const cpu = attempt(() => taskCpu(task));
  const state = attempt(() => stateNames(stateBits(kernel)(rawTaskState(task))));
  const letters = attempt(() => taskState(task));
  const info = attempt(() => (task.has("thread_info") ? task.address : task.at("stack").value()));
  const panicked = attempt(() => panicTask(kernel));
  const mark =
    panicked && !(panicked instanceof Fault) && panicked.address === task.address
      ? "(PANIC)"
      : runningOn(kernel, task) !== undefined
        ? "(ACTIVE)"
        : "";
  const data = {
    pid: known(pid),
    comm: known(comm),
    task: addressJson(task.address),
    threadInfo: info instanceof Fault ? undefined : addressJson(info),
    cpu: known(cpu),
    state: known(letters),
  };
  return record(
    data,
    ["    PID: ", shown(pid)],
    ["COMMAND: ", comm instanceof Fault ? faultSpan(comm) : `"${comm}"`],
    taskLine(task, info),
    ["    CPU: ", shown(cpu)],
    ["  STATE: ", shown(state), ` ${mark}`],
  );
}

const known = <T>(value: T | Fault): T | undefined => (value instanceof Fault ? undefined : value);

const shown = (value: number | string | Fault) => (value instanceof Fault ? faultSpan(value) : String(value));

const taskLine = (task: Obj, info: bigint | Fault): Line => [
  "   TASK: ",
  { as: "task", text: hex(task.address), address: task.address },
  samePidText(task),
  "  [THREAD_INFO: ",
  info instanceof Fault ? faultSpan(info) : { as: "address", text: hex(info), address: info },
  "]",
];

/** Returns `  (1 of N)` for a pid that several tasks share, as the idle tasks share pid 0. */
function samePidText(task: Obj): string {
  const count = attempt(() => tasksByPid(task.kernel).get(taskPid(task))?.length ?? 1);
  return count instanceof Fault || count < 2 ? "" : `  (1 of ${count})`;
}
