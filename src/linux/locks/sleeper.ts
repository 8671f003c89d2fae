/** A sleeping task, and the structs on its stack with which it waits. */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { plainName } from "../../log/place.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { sleepingStackPointer } from "../sched/stack.ts";
import { taskStackRange } from "../../unwind/stacks.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { WaiterShape } from "./waiterRing.ts";

/** The parts of a frame that the recognition of waits uses. */
export type SleepFrame = Pick<Frame, "sp" | "cfa" | "symbol">;

/** Maximum number of callers of the waiting function whose frames are searched for the struct with which it waits. */
export const MAX_CALLERS = 3;

export interface Sleeper {
  readonly kernel: Kernel;
  readonly task: Obj<"struct task_struct">;
  readonly frames: readonly SleepFrame[];
  /** Index of the frame of the function that waits. */
  readonly at: number;
}

/** Functions with which a waiting function gives up its CPU: of the scheduler, wait_bit, poll, NFS and SunRPC. */
const PASSED_OVER =
  /^(__schedule|schedule|schedule_timeout(_\w+)?|io_schedule(_\w+)?|schedule_preempt_disabled|schedule_hrtimeout\w*|schedule_rtlock|rt_mutex_schedule|preempt_schedule\w*|__switch_to\w*|bit_wait(_io)?(_timeout)?|__wait_on_bit(_lock)?|wait_woken|poll_schedule_timeout|do_wait_intr(_irq)?|swait_\w+|rpc_wait_bit_killable|nfs_wait_bit_killable|nfs_wait_atomic_killable)$/;

/**
 * Returns the name of a frame's function in the source, without suffixes of compilers; undefined if the frame has no
 * symbol.
 */
export const frameFunction = ({ symbol }: SleepFrame): string | undefined => symbol && plainName(symbol.name);

/** Returns the names of the function that waits and of its callers, `count` in all. */
export const callers = ({ frames, at }: Sleeper, count: number): readonly string[] =>
  frames.slice(at, at + count).map((frame) => frameFunction(frame) ?? "");

/** Returns the index of the frame of the function that waits: the first one after the scheduler's. */
export function waitingFrame(frames: readonly SleepFrame[]): number {
  const at = frames.findIndex((frame) => !PASSED_OVER.test(frameFunction(frame) ?? ""));
  return at < 0 ? 0 : at;
}

/** Returns the address where the locals of the frames up to `at` end; the end of the stack if that is not known. */
export function frameEnd({ kernel, task, frames }: Sleeper, at: number): bigint {
  const frame = frames[Math.min(at, frames.length - 1)];
  const end = frame?.cfa ?? frames[at + 1]?.sp;
  return end === undefined ? taskStackRange(kernel, task).end : end + savedByCallee(kernel);
}

/**
 * Returns the size of the area at the start of an s390x frame in which a called function saves registers; 0 on other
 * architectures. The locals of a frame end after this area of its caller.
 */
const savedByCallee = (kernel: Kernel): bigint =>
  kernel.arch.switchFrame.kind === "back chain" ? BigInt(kernel.object("struct stack_frame", 0n).size) : 0n;

/** Returns the lowest used address of a sleeping task's stack: x86 saves registers below the innermost frame. */
function lowest({ kernel, task, frames }: Sleeper): bigint {
  const innermost = frames[0]?.sp ?? 0n;
  if (kernel.arch.switchFrame.kind !== "on stack") return innermost;
  const saved = attempt(() => sleepingStackPointer(task));
  return typeof saved === "bigint" && saved < innermost ? saved : innermost;
}

/**
 * Returns the words of the member of `task_struct` in which the task's registers were saved when it was switched out,
 * without those that cannot be read. Empty on machines that save the registers on the stack.
 */
function savedRegisters({ kernel, task }: Sleeper): readonly bigint[] {
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

/** Yields the words of the task's stack in the frames up to `at`, innermost first. @throws Fault */
export function* stackWords(sleeper: Sleeper, at: number): Generator<{ address: bigint; value: bigint }> {
  const { kernel } = sleeper;
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

/** Whether a word can be the address of an object of the kernel. */
const isObjectAddress = ({ arch, memory }: Kernel, word: bigint): boolean =>
  word % BigInt(arch.wordSize) === 0n && memory.isKernelAddress(word);

/**
 * Returns the saved registers and the words of the task's stack in the frames up to `at` that can be addresses of
 * objects. @throws Fault
 */
export function objectAddresses(sleeper: Sleeper, at: number): readonly bigint[] {
  const words = [...savedRegisters(sleeper), ...Array.from(stackWords(sleeper, at), ({ value }) => value)];
  return words.filter((word) => isObjectAddress(sleeper.kernel, word));
}

/**
 * Yields the structs of a type on the task's stack whose member points to the task, in the frames up to `at`, innermost
 * first. They can be from earlier calls; their links show whether they are in use. @throws Fault
 */
export function* structsOfTask(sleeper: Sleeper, type: string, member: string, at: number): Generator<Obj> {
  const { kernel, task } = sleeper;
  const ctype = kernel.types.named(type);
  const offset = kernel.object(ctype, 0n).at(member).address;
  for (const { address, value } of stackWords(sleeper, at))
    if (value === task.address) yield kernel.object(ctype, address - offset);
}

/**
 * Whether a `list_head` is in a list and both neighbors point to it. @param mayBeAlone whether it can be the
 * only node of a ring without a head
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

/**
 * Returns the innermost waiter of a type on the task's stack that points to the task and is in a list; undefined if
 * there is none. @throws Fault
 */
export function linkedWaiter(sleeper: Sleeper, shape: WaiterShape, at: number, mayBeAlone = false): Obj | undefined {
  for (const waiter of structsOfTask(sleeper, shape.type, shape.task, at))
    if (isLinked(sleeper.kernel, waiter.at(shape.list).address, mayBeAlone)) return waiter;
  return undefined;
}

/**
 * Returns the address of the object to which a saved register or a word of the stack points and whose member points
 * back to `target`; undefined if there is not exactly one.
 */
export function objectPointingBack(sleeper: Sleeper, type: string, member: string, target: bigint): bigint | undefined {
  const { kernel } = sleeper;
  const offset = kernel.object(type, 0n).at(member).address;
  const found = new Set<bigint>();
  for (const value of objectAddresses(sleeper, sleeper.at + MAX_CALLERS))
    if (attempt(() => kernel.memory.word(value + offset)) === target) found.add(value);
  return found.size === 1 ? [...found][0] : undefined;
}

/**
 * Returns the same as `linkedWaiter`, for the function that waits and its `callers`.
 * @throws Fault "unknown" if there is none
 */
export function waiterOf(sleeper: Sleeper, shape: WaiterShape, { callers = 1, mayBeAlone = false } = {}): Obj {
  const waiter = linkedWaiter(sleeper, shape, sleeper.at + callers, mayBeAlone);
  if (waiter) return waiter;
  throw Fault.of("unknown", `the task's stack contains no ${shape.type} of the task that is in a list`);
}
