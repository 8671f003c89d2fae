/** States of tasks. */
import type { Obj } from "../../model/object.ts";
import { rawTaskState } from "./task.ts";

// include/linux/sched.h; unchanged since v4.14
const TASK_INTERRUPTIBLE = 0x0001;
const TASK_UNINTERRUPTIBLE = 0x0002;
const __TASK_STOPPED = 0x0004;
const __TASK_TRACED = 0x0008;
const EXIT_DEAD = 0x0010;
const EXIT_ZOMBIE = 0x0020;
const TASK_PARKED = 0x0040;
const TASK_DEAD = 0x0080;
const TASK_WAKING = 0x0200;
const TASK_NOLOAD = 0x0400;
const TASK_NEW = 0x0800;
const TASK_RTLOCK_WAIT = 0x1000;
const TASK_FROZEN = 0x8000;

/**
 * A state as crash prints it, in two letters. `ID` is a kernel thread in an uninterruptible wait that does not count as
 * load.
 */
export type TaskState = "RU" | "IN" | "UN" | "ST" | "TR" | "ZO" | "DE" | "WA" | "PA" | "ID" | "NE" | "??";

/** The states in the order in which `ps -S` and its help list them. */
export const TASK_STATES: readonly TaskState[] = ["RU", "IN", "UN", "ST", "TR", "ZO", "DE", "WA", "PA", "ID", "NE"];

/** Returns the state of a task. @throws Fault */
export const taskState = (task: Obj<"struct task_struct">): TaskState => stateLetters(rawTaskState(task));

const STATE_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [TASK_INTERRUPTIBLE, "TASK_INTERRUPTIBLE"],
  [TASK_UNINTERRUPTIBLE, "TASK_UNINTERRUPTIBLE"],
  [__TASK_STOPPED, "__TASK_STOPPED"],
  [__TASK_TRACED, "__TASK_TRACED"],
  [EXIT_DEAD, "EXIT_DEAD"],
  [EXIT_ZOMBIE, "EXIT_ZOMBIE"],
  [TASK_PARKED, "TASK_PARKED"],
  [TASK_DEAD, "TASK_DEAD"],
  [TASK_WAKING, "TASK_WAKING"],
  [TASK_NOLOAD, "TASK_NOLOAD"],
  [TASK_NEW, "TASK_NEW"],
  [TASK_RTLOCK_WAIT, "TASK_RTLOCK_WAIT"],
  [TASK_FROZEN, "TASK_FROZEN"],
];

/** Returns the names of a state's bits, as in the kernel's source. */
export const taskStateNames = (state: number): readonly string[] =>
  state === 0 ? ["TASK_RUNNING"] : STATE_NAMES.filter(([bit]) => state & bit).map(([, name]) => name);

/** Returns crash's letters for a state with several bits. Exit states take precedence, then the kind of wait. */
export function stateLetters(state: number): TaskState {
  if (state & EXIT_DEAD) return "DE";
  if (state & EXIT_ZOMBIE) return "ZO";
  if (state & TASK_DEAD) return "DE";
  if (state & TASK_INTERRUPTIBLE) return "IN";
  if (state & (TASK_UNINTERRUPTIBLE | TASK_RTLOCK_WAIT | TASK_FROZEN)) return state & TASK_NOLOAD ? "ID" : "UN";
  if (state & __TASK_STOPPED) return "ST";
  if (state & __TASK_TRACED) return "TR";
  if (state & TASK_PARKED) return "PA";
  if (state & TASK_WAKING) return "WA";
  if (state & TASK_NEW) return "NE";
  return state === 0 ? "RU" : "??";
}
