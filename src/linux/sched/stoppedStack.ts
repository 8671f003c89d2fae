import { attempt, Fault } from "../../base/fault.ts";
import type { CpuNote, Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Cursor } from "../../unwind/cursor.ts";
import type { Stack } from "../../unwind/frame.ts";
import { cpuStacks, type StackRange, taskStackRange } from "../../unwind/stacks.ts";
import { isUser } from "../../unwind/user.ts";
import { cpuNote, runningOn } from "./cpu.ts";
import { stackFrom, stackTrace } from "./stackTrace.ts";

/**
 * A task's stack with what its CPU went on to do after it had saved its registers, where that can be found.
 *
 * kdump's registers are those of an earlier moment: the panicking CPU saves them in __crash_kexec() and goes on to
 * machine_kexec() (kernel/kexec_core.c); the others save what an NMI interrupted, in crash_nmi_callback()
 * (arch/x86/kernel/reboot.c). The frames of both still lie on the stacks, whole.
 */
export function stoppedStack(kernel: Kernel, task: Obj<"struct task_struct">): Stack {
  const cpu = runningOn(kernel, task);
  const note = cpu === undefined ? undefined : cpuNote(kernel, cpu);
  // Only an architecture whose calls push the return address leaves it where it can be looked for.
  const pushes = kernel.arch.linkRegister === undefined;
  const later = note && pushes ? (intoKexec(kernel, task, note) ?? inNmi(kernel, task, note)) : undefined;
  return later ?? stackTrace(kernel, task);
}

/**
 * The stack from machine_kexec() on, for the CPU that saved its registers in the function that called it, or, where an
 * oops called it, those that the exception had saved: that may have been taken on a stack of its own.
 */
function intoKexec(kernel: Kernel, task: Obj<"struct task_struct">, note: CpuNote): Stack | undefined {
  const sp = note.registers.get(kernel.arch.sp);
  if (sp === undefined || isUser(kernel, note.registers)) return undefined;
  const own = attempt(() => taskStackRange(kernel, task));
  const stacks = cpuStacks(kernel).filter(({ cpu, kind }) => cpu === note.cpu && kind !== "nmi");
  if (!(own instanceof Fault)) stacks.unshift(own);
  for (const { start, end } of stacks) {
    // Calls go downwards: on the stack that the registers point into nothing of them lies above.
    const range = { start, end: sp >= start && sp < end ? sp : end };
    const found = stackWith(kernel, task, range, "machine_kexec", ({ frames }) => {
      // A frame that ends just where the saved registers stood was called from there.
      if (frames[0]?.cfa === sp) return true;
      const saved = frames.find((frame) => frame.trap !== undefined)?.trap?.registers;
      return saved?.get(kernel.arch.sp) === sp && saved.get(kernel.arch.pc) === note.registers.get(kernel.arch.pc);
    });
    if (found) return found;
  }
  return undefined;
}

/** The stack from crash_nmi_callback() on: on the NMI's own stack, or, if it interrupted user code, on the task's. */
function inNmi(kernel: Kernel, task: Obj<"struct task_struct">, note: CpuNote): Stack | undefined {
  if (!kernel.symbols.find("crash_nmi_callback")) return undefined;
  const own = attempt(() => taskStackRange(kernel, task));
  const stack = isUser(kernel, note.registers)
    ? own
    : cpuStacks(kernel).find(({ kind, cpu }) => kind === "nmi" && cpu === note.cpu);
  if (!stack || stack instanceof Fault) return undefined;
  // It must lead to what the CPU saved as interrupted.
  const pc = note.registers.get(kernel.arch.pc);
  return stackWith(kernel, task, stack, "crash_nmi_callback", ({ frames, userTrap }) => {
    const interrupted = frames.find((frame) => frame.trap !== undefined);
    return (interrupted?.pc ?? userTrap?.registers.get(kernel.arch.pc)) === pc;
  });
}

/** The first stack that unwinds from a return address into `name` and that `isRight`. */
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

/** A frame that a call left: its return address and the stack pointer behind it. */
export function returnTo(kernel: Kernel, pc: bigint, sp: bigint): Cursor {
  const known = new Map([
    [kernel.arch.pc, pc],
    [kernel.arch.sp, sp],
  ]);
  return { pc, sp, known, registers: () => known, exact: false };
}
