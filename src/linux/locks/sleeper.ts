/** A task that sleeps, and the structs on its stack by which it waits. */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { plainName } from "../../log/place.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { sleepingStackPointer } from "../sched/stack.ts";
import { taskStackRange } from "../../unwind/stacks.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { WaiterShape } from "./waiterRing.ts";

/** What of a frame a rule needs. */
export type SleepFrame = Pick<Frame, "sp" | "cfa" | "symbol">;

export interface Sleeper {
  readonly kernel: Kernel;
  readonly task: Obj<"struct task_struct">;
  readonly frames: readonly SleepFrame[];
  /** The frame of the function that waits. */
  readonly at: number;
}

/** Functions through which a waiting function gives up its CPU (kernel/sched/core.c, kernel/time/sleep_timeout.c). */
const PASSED_OVER =
  /^(__schedule|schedule|schedule_timeout(_\w+)?|io_schedule(_\w+)?|schedule_preempt_disabled|schedule_hrtimeout\w*|schedule_rtlock|rt_mutex_schedule|preempt_schedule\w*|__switch_to\w*|bit_wait(_io)?(_timeout)?|__wait_on_bit(_lock)?|wait_woken|do_wait_intr(_irq)?|swait_\w+|rpc_wait_bit_killable|nfs_wait_bit_killable|nfs_wait_atomic_killable)$/;

/** The name of a frame's function as the source has it. */
export const frameFunction = ({ symbol }: SleepFrame): string | undefined => symbol && plainName(symbol.name);

/** The frame of the function that waits: the first behind the scheduler's. */
export function waitingFrame(frames: readonly SleepFrame[]): number {
  const at = frames.findIndex((frame) => !PASSED_OVER.test(frameFunction(frame) ?? ""));
  return at < 0 ? 0 : at;
}

/** Where the locals of frames up to one end. */
export function frameEnd({ kernel, task, frames }: Sleeper, at: number): bigint {
  const frame = frames[Math.min(at, frames.length - 1)];
  const end = frame?.cfa ?? frames[at + 1]?.sp;
  return end === undefined ? taskStackRange(kernel, task).end : end + savedByCallee(kernel);
}

/** s390x: a frame starts with what the function that it calls saves there; its locals end behind the caller's. */
const savedByCallee = (kernel: Kernel): bigint =>
  kernel.arch.switchFrame.kind === "back chain" ? BigInt(kernel.object("struct stack_frame", 0n).size) : 0n;

/** Where the stack of a task that sleeps begins: x86 saves its registers below the innermost frame. */
function lowest({ kernel, task, frames }: Sleeper): bigint {
  const innermost = frames[0]?.sp ?? 0n;
  if (kernel.arch.switchFrame.kind !== "on stack") return innermost;
  const saved = attempt(() => sleepingStackPointer(task));
  return typeof saved === "bigint" && saved < innermost ? saved : innermost;
}

/** Registers that the task saved in its `task_struct` when it gave up its CPU; none where they lie on its stack. */
export function savedRegisters({ kernel, task }: Sleeper): readonly bigint[] {
  const { switchFrame, wordSize } = kernel.arch;
  if (switchFrame.kind !== "in task") return [];
  const saved = attempt(() => task.at(switchFrame.path));
  if (saved instanceof Fault) return [];
  const words = Math.floor(saved.size / wordSize);
  const values = Array.from({ length: words }, (_, at) =>
    attempt(() => kernel.memory.word(saved.address + BigInt(at * wordSize))),
  );
  return values.filter((value) => typeof value === "bigint");
}

/** Words of the task's stack in the frames up to `at`, the innermost first. @throws Fault */
export function* stackWords(sleeper: Sleeper, at: number): Generator<{ address: bigint; value: bigint }> {
  const { kernel, frames } = sleeper;
  const start = lowest(sleeper);
  const { wordSize, byteOrder } = kernel.arch;
  const range = taskStackRange(kernel, sleeper.task);
  const until = frameEnd(sleeper, at);
  const end = until < range.end ? until : range.end;
  if (start < range.start || end <= start) return;
  const view = viewOf(kernel.memory.read(start, Number(end - start)));
  const little = byteOrder === "little";
  for (let i = 0; i + wordSize <= view.byteLength; i += wordSize) {
    const value = wordSize === 8 ? view.getBigUint64(i, little) : BigInt(view.getUint32(i, little));
    yield { address: start + BigInt(i), value };
  }
}

/**
 * Structs of a type on the task's stack whose member names the task, in the frames up to `at`: the innermost first.
 * They may be left over from earlier: their links tell.
 * @throws Fault
 */
export function* structsOfTask(sleeper: Sleeper, type: string, member: string, at: number): Generator<Obj> {
  const { kernel, task } = sleeper;
  const ctype = kernel.types.named(type);
  const offset = kernel.object(ctype, 0n).at(member).address;
  for (const { address, value } of stackWords(sleeper, at))
    if (value === task.address) yield kernel.object(ctype, address - offset);
}

/**
 * Whether both neighbours of a `list_head` name it as theirs, and it is in a list at all.
 * @param mayBeAlone it is the only one of a ring without a head
 */
export function isLinked(kernel: Kernel, node: bigint, mayBeAlone = false): boolean {
  const word = BigInt(kernel.arch.wordSize);
  const linked = attempt(() => {
    const [next, prev] = [kernel.memory.word(node), kernel.memory.word(node + word)];
    if ((next === node && !mayBeAlone) || next === 0n || prev === 0n) return false;
    return kernel.memory.word(next + word) === node && kernel.memory.word(prev) === node;
  });
  return linked === true;
}

/** The innermost waiter of a type on the task's stack that names the task and is in a list. @throws Fault */
export function linkedWaiter(sleeper: Sleeper, shape: WaiterShape, at: number, mayBeAlone = false): Obj | undefined {
  for (const waiter of structsOfTask(sleeper, shape.type, shape.task, at))
    if (isLinked(sleeper.kernel, waiter.at(shape.list).address, mayBeAlone)) return waiter;
  return undefined;
}

/** The same, which a rule cannot do without. @throws Fault unknown where there is none */
export function waiterOf(sleeper: Sleeper, shape: WaiterShape, mayBeAlone = false): Obj {
  const waiter = linkedWaiter(sleeper, shape, sleeper.at + 1, mayBeAlone);
  if (waiter) return waiter;
  throw Fault.of("unknown", `no ${shape.type} of the task that is in a list lies on its stack`);
}
