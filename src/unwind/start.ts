import type { Registers } from "../arch/arch.ts";
import { Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { savedBy } from "./backchain.ts";
import { type Cursor, cursorOf } from "./cursor.ts";
import { taskStackRange } from "./stacks.ts";

/** Registers of `struct inactive_task_frame` of x86_64 by member; `ret_addr` follows `bp`. */
const inactiveFrame = new Map([["rbp", "bp"], ["rbx", "bx"], ["r12", "r12"], ["r13", "r13"], ["r14", "r14"], ["r15", "r15"]]); // prettier-ignore

/**
 * Where a task that is not running stopped: what `switch_to` saved of it.
 * @throws Fault unmapped for a task without a stack, unknown for an architecture that this is not known of
 */
export function switchedOut(kernel: Kernel, task: Obj): Cursor {
  taskStackRange(kernel, task);
  const find = switchFrames.get(kernel.arch.name);
  const cursor = find?.(kernel, task);
  if (!cursor) throw Fault.of("unknown", `how ${kernel.arch.name} saves a sleeping task is not known here`);
  // A task that never ran starts at the function itself: that is no return address.
  const starts = kernel.symbols.at(cursor.pc)?.address === cursor.pc;
  return starts ? { ...cursor, exact: true } : cursor;
}

const switchFrames = new Map<string, (kernel: Kernel, task: Obj) => Cursor | undefined>([
  ["x86_64", inactiveTaskFrame],
  ["arm64", (kernel, task) => cpuContext(kernel, task, task.at("thread.cpu_context"))],
  ["arm", (kernel, task) => cpuContext(kernel, task, task.at("thread_info.cpu_context"))],
  ["s390x", (kernel, task) => savedBy(kernel, task.at("thread.ksp").value())],
]);

/** arch/x86/include/asm/switch_to.h (4.9 and later). */
function inactiveTaskFrame(kernel: Kernel, task: Obj): Cursor | undefined {
  const frame = kernel.object("struct inactive_task_frame", task.at("thread.sp").value());
  const registers = new Map<string, bigint>();
  for (const [register, member] of inactiveFrame)
    if (frame.has(member)) registers.set(register, frame.at(member).value());
  registers.set("rip", frame.at("ret_addr").value());
  registers.set("rsp", frame.at("ret_addr").address + 8n);
  return cursorOf(kernel, registers, false);
}

/** `struct cpu_context` of arm64, `struct cpu_context_save` of arm: the registers that a function must keep. */
function cpuContext(kernel: Kernel, _task: Obj, context: Obj): Cursor | undefined {
  const registers = new Map<string, bigint>();
  for (const name of [...kernel.arch.registers, "fp", "sl"]) {
    const register = name === "fp" ? kernel.arch.framePointer : name === "sl" ? "r10" : name;
    if (context.has(name)) registers.set(register, context.at(name).value());
  }
  registers.set(kernel.arch.pc, kernel.memory.canonical(registers.get(kernel.arch.pc) ?? 0n));
  return cursorOf(kernel, registers, false);
}

/** Where a CPU stood when its registers were saved. @throws Fault corrupt without pc and sp */
export function stoodAt(kernel: Kernel, registers: Registers): Cursor {
  const cursor = cursorOf(kernel, registers, true);
  if (!cursor) throw Fault.of("corrupt", "the saved registers lack pc or sp");
  return cursor;
}
