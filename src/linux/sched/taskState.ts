/** States of tasks. */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { rawTaskState } from "./task.ts";

// include/linux/sched.h; unchanged since v4.14. For older kernels see stateBits.
const TASK_INTERRUPTIBLE = 0x0001;
const TASK_UNINTERRUPTIBLE = 0x0002;
const __TASK_STOPPED = 0x0004;
const __TASK_TRACED = 0x0008;
const EXIT_DEAD = 0x0010;
const EXIT_ZOMBIE = 0x0020;
const TASK_PARKED = 0x0040;
const TASK_DEAD = 0x0080;
const TASK_WAKEKILL = 0x0100;
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
export const taskState = (task: Obj<"struct task_struct">): TaskState =>
  stateLetters(stateBits(task.kernel)(rawTaskState(task)));

/** Maximum number of names that are read of `task_state_array`, which had at most 11. */
const MAX_NAMES = 12;

/**
 * The names of `task_state_array` (fs/proc/array.c), such as "S (sleeping)": the first is that of state 0, the one at
 * index n that of bit n-1. Empty if the kernel's symbols do not name the array.
 */
function kernelStateNames({ symbols, memory, arch }: Kernel): readonly string[] {
  const table = symbols.find("task_state_array")?.address;
  const names: string[] = [];
  for (let i = 0; table !== undefined && i < MAX_NAMES; i++) {
    const name = attempt(() => memory.cString(memory.word(table + BigInt(i * arch.wordSize)), 32));
    if (name instanceof Fault || !/^[A-Za-z] \([a-z ]+\)$/.test(name)) break;
    names.push(name);
  }
  return names;
}

/** Bits that Linux kernel commits in v4.14 moved: before, and since then. */
const MOVED_BITS: readonly (readonly [before: number, since: number])[] = [
  [0x40, TASK_DEAD],
  [0x80, TASK_WAKEKILL],
  [0x100, TASK_WAKING],
  [0x200, TASK_PARKED],
];

/**
 * The function that gives the bits of a state the numbers that they have since v4.14. In older kernels 0x80 is
 * TASK_WAKEKILL and not TASK_DEAD, and before v3.14 EXIT_ZOMBIE and EXIT_DEAD are exchanged. The numbers are those of
 * v4.14 unless the kernel's own table of names shows older ones.
 */
export const stateBits = derived("bits of task states", (kernel): ((state: number) => number) => {
  const names = kernelStateNames(kernel);
  if (names.length === 0 || names[7] === "P (parked)") return (state) => state;
  const isZombieFirst = names.indexOf("Z (zombie)") === 5;
  const moved = [...MOVED_BITS, ...(isZombieFirst ? [[0x10, EXIT_ZOMBIE] as const, [0x20, EXIT_DEAD] as const] : [])];
  const unmoved = ~moved.reduce((all, [before]) => all | before, 0);
  return (state) => moved.reduce((bits, [before, since]) => (state & before ? bits | since : bits), state & unmoved);
});

const STATE_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [TASK_INTERRUPTIBLE, "TASK_INTERRUPTIBLE"],
  [TASK_UNINTERRUPTIBLE, "TASK_UNINTERRUPTIBLE"],
  [__TASK_STOPPED, "__TASK_STOPPED"],
  [__TASK_TRACED, "__TASK_TRACED"],
  [EXIT_DEAD, "EXIT_DEAD"],
  [EXIT_ZOMBIE, "EXIT_ZOMBIE"],
  [TASK_PARKED, "TASK_PARKED"],
  [TASK_DEAD, "TASK_DEAD"],
  [TASK_WAKEKILL, "TASK_WAKEKILL"],
  [TASK_WAKING, "TASK_WAKING"],
  [TASK_NOLOAD, "TASK_NOLOAD"],
  [TASK_NEW, "TASK_NEW"],
  [TASK_RTLOCK_WAIT, "TASK_RTLOCK_WAIT"],
  [TASK_FROZEN, "TASK_FROZEN"],
];

/** Returns the names of a state's bits, as in the kernel's source. @param state as `stateBits` gives it */
export const taskStateNames = (state: number): readonly string[] =>
  state === 0 ? ["TASK_RUNNING"] : STATE_NAMES.filter(([bit]) => state & bit).map(([, name]) => name);

/**
 * Returns crash's letters for a state with several bits. Exit states take precedence, then the kind of wait. @param state
 * as `stateBits` gives it
 */
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
