/** Kernel stack of a task, including the functions that stopped its CPU. */
import { attempt, Fault } from "../../base/fault.ts";
import type { CpuNote, Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { FrameCursor } from "../../unwind/cursor.ts";
import type { Frame, Stack } from "../../unwind/frame.ts";
import { cpuStacks, type StackRange, taskStackRange } from "../../unwind/stacks.ts";
import { isUser } from "../../unwind/user.ts";
import { cpuNote, runningOn } from "./cpu.ts";
import { stackFrom, stackTrace } from "./stackTrace.ts";

/**
 * Returns a task's stack including the calls that its CPU made after it had saved its registers, if they can be found.
 * The registers of kdump are from an earlier time. The panicking CPU saves them in __crash_kexec() and then calls
 * machine_kexec() (kernel/kexec_core.c). The other CPUs save what an NMI interrupted, in crash_nmi_callback()
 * (arch/x86/kernel/reboot.c). The frames of both are still complete on the stacks.
 */
export function stoppedStack(kernel: Kernel, task: Obj<"struct task_struct">): Stack {
  const cpu = runningOn(kernel, task);
  const note = cpu === undefined ? undefined : cpuNote(kernel, cpu);
  // A return address can be searched for on the stack only if calls push it.
  const areReturnsPushed = kernel.arch.linkRegister === undefined;
  const later = note && areReturnsPushed ? (kexecStack(kernel, task, note) ?? nmiStack(kernel, task, note)) : undefined;
  return later ?? stackTrace(kernel, task);
}

/** Whether a frame is in a function that stops the machine. What it calls says nothing of the crash. */
const isStop = ({ symbol }: Frame): boolean =>
  /^(v?panic|__crash_kexec|crash_kexec|machine_kexec)$/.test(symbol?.name ?? "");

/**
 * Returns a stack from the innermost function that stopped the machine, where crash starts it too: panic() without the
 * delay loop that it calls. Another stack is returned as it is.
 */
export function fromStop(stack: Stack): Stack {
  const { frames } = stack;
  const trap = frames.findIndex((frame) => frame.trap !== undefined);
  const stop = frames.slice(0, trap < 0 ? undefined : trap).findIndex(isStop);
  const first = frames[stop];
  // An exact innermost frame has registers, which are more precise: keep it.
  return first && !first.exact ? { ...stack, frames: frames.slice(stop) } : stack;
}

/** Returns the stack of a task as `bt` prints it. */
export const printedStack = (kernel: Kernel, task: Obj<"struct task_struct">): Stack =>
  fromStop(stoppedStack(kernel, task));

/**
 * Returns the stack that starts in machine_kexec(), for the CPU that panicked. Its caller, __crash_kexec(), saved the
 * registers of the CPU; after an oops the saved registers are those of the exception, possibly on another stack.
 */
function kexecStack(kernel: Kernel, task: Obj<"struct task_struct">, note: CpuNote): Stack | undefined {
  const sp = note.registers.get(kernel.arch.sp);
  if (sp === undefined || isUser(kernel, note.registers)) return undefined;
  const own = attempt(() => taskStackRange(kernel, task));
  const stacks = cpuStacks(kernel).filter(({ cpu, kind }) => cpu === note.cpu && kind !== "nmi");
  if (!(own instanceof Fault)) stacks.unshift(own);
  for (const { start, end } of stacks) {
    // Calls go downwards: on the stack that contains the saved stack pointer, only addresses below it can have such
    // frames.
    const range = { start, end: sp >= start && sp < end ? sp : end };
    const found = stackWith(kernel, task, range, "machine_kexec", ({ frames }) => {
      // If the frame ends at the saved stack pointer, it was called from there.
      if (frames[0]?.cfa === sp) return true;
      const saved = frames.find((frame) => frame.trap !== undefined)?.trap?.registers;
      return saved?.get(kernel.arch.sp) === sp && saved.get(kernel.arch.pc) === note.registers.get(kernel.arch.pc);
    });
    if (found) return found;
  }
  return undefined;
}

/**
 * Returns the stack that starts in crash_nmi_callback(): on the NMI stack or, if the NMI interrupted user code, on the
 * task's stack.
 */
function nmiStack(kernel: Kernel, task: Obj<"struct task_struct">, note: CpuNote): Stack | undefined {
  if (!kernel.symbols.find("crash_nmi_callback")) return undefined;
  const own = attempt(() => taskStackRange(kernel, task));
  const stack = isUser(kernel, note.registers)
    ? own
    : cpuStacks(kernel).find(({ kind, cpu }) => kind === "nmi" && cpu === note.cpu);
  if (!stack || stack instanceof Fault) return undefined;
  // The stack is right only if it leads to the interrupted address that the CPU saved.
  const pc = note.registers.get(kernel.arch.pc);
  return stackWith(kernel, task, stack, "crash_nmi_callback", ({ frames, userTrap }) => {
    const interrupted = frames.find((frame) => frame.trap !== undefined);
    return (interrupted?.pc ?? userTrap?.registers.get(kernel.arch.pc)) === pc;
  });
}

/**
 * Returns the first stack that unwinds from a return address into `name` and for which `isRight` returns true;
 * undefined if there is none.
 */
function stackWith(
  kernel: Kernel,
  task: Obj<"struct task_struct">,
  { start, end }: Pick<StackRange, "start" | "end">,
  name: string,
  isRight: (stack: Stack) => boolean,
): Stack | undefined {
  const { wordSize } = kernel.arch;
  for (let at = start; at < end; at += BigInt(wordSize)) {
    const pc = attempt(() => kernel.memory.word(at));
    if (pc instanceof Fault) return undefined;
    if (pc === 0n || kernel.symbols.at(pc - 1n)?.name !== name) continue;
    const stack = attempt(() => stackFrom(kernel, task, returnTo(kernel, pc, at + BigInt(wordSize))));
    if (!(stack instanceof Fault) && stack.fault === undefined && isRight(stack)) return stack;
  }
  return undefined;
}

/**
 * Returns a cursor for the frame to which a call returns. @param pc the return address @param sp the stack pointer
 * after the return
 */
export function returnTo(kernel: Kernel, pc: bigint, sp: bigint): FrameCursor {
  const known = new Map([
    [kernel.arch.pc, pc],
    [kernel.arch.sp, sp],
  ]);
  return { pc, sp, known, registers: () => known, exact: false };
}
