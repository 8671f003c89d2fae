/** Return trampolines of tracing and probes. */
import { attempt, Fault } from "../base/fault.ts";
import { llistEntries } from "../kernel/list.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { type FrameCursor, type Step, lookupAddress } from "./cursor.ts";
import { generatedCode } from "./generatedCode.ts";
import { readPtRegs } from "./ptRegs.ts";

/** Code whose address function-graph tracing and return probes store instead of a return address. */
const trampolines = ["return_to_handler", "arch_rethook_trampoline", "__kretprobe_trampoline", "kretprobe_trampoline"];

/** Maximum size in bytes of a task's `ret_stack`: FTRACE_RETFUNC_DEPTH entries, or a page since 6.11. */
const RET_STACK_BYTES = 4096;

/**
 * Steps from a trampoline to the real caller, whose address was saved together with the stack slot that it was taken
 * from. @throws Fault unknown when it cannot be found: the stack is intact, but its next address is unknown
 */
export function trampolineRule(kernel: Kernel, cursor: FrameCursor, task: Obj | undefined): Step | undefined {
  if (!isTrampoline(kernel, cursor.pc)) return undefined;
  const slot = cursor.sp - BigInt(kernel.arch.wordSize);
  const pc = task && (tracedReturn(kernel, task, slot) ?? hookedReturn(kernel, task, slot));
  if (pc === undefined)
    throw Fault.at("unknown", cursor.pc, "tracing replaced the return address, and the true one was not found");
  const known = new Map([...cursor.known, [kernel.arch.pc, pc]] as const);
  const registers = (): Map<string, bigint> => new Map([...cursor.registers(), [kernel.arch.pc, pc]] as const);
  return { kind: "caller", cursor: { pc, sp: cursor.sp, known, registers, exact: false }, cfa: cursor.sp };
}

/** Whether a return address is the first instruction of a trampoline. */
export function isTrampoline(kernel: Kernel, pc: bigint): boolean {
  const symbol = kernel.symbols.at(pc);
  return symbol?.address === pc && trampolines.includes(symbol.name);
}

/**
 * Returns the return address that was taken from a stack slot, from `task->ret_stack` (kernel/trace/fgraph.c);
 * undefined if it is not there. `ret_stack` is an array of `struct ftrace_ret_stack`; since 6.11 an array of words with
 * such structs in it. In both, a word that equals the slot's address is a `retp`.
 */
function tracedReturn(kernel: Kernel, task: Obj, slot: bigint): bigint | undefined {
  const type = kernel.types.find("struct", "ftrace_ret_stack");
  if (!type || !task.has("ret_stack")) return undefined;
  const entry = kernel.object(type, 0n);
  const start = task.at("ret_stack").value();
  if (start === 0n || !entry.has("retp") || !entry.has("ret")) return undefined;
  const distance = entry.at("retp").address - entry.at("ret").address;
  const word = kernel.arch.wordSize;
  for (let at = 0; at < RET_STACK_BYTES; at += word) {
    const place = start + BigInt(at);
    const value = attempt(() => kernel.memory.word(place));
    if (value instanceof Fault) return undefined;
    if (value === slot) return kernel.memory.word(place - distance);
  }
  return undefined;
}

/**
 * Returns the same from `task->rethooks` (kernel/trace/rethook.c, 5.18 and later); undefined if it has none for the
 * slot.
 */
function hookedReturn(kernel: Kernel, task: Obj, slot: bigint): bigint | undefined {
  if (!task.has("rethooks.first")) return undefined;
  for (const node of llistEntries(kernel, task.at("rethooks"), "struct rethook_node", "llist"))
    if (node.at("frame").value() === slot) return node.at("ret_addr").value();
  return undefined;
}

/**
 * Steps from an optimized kprobe's detour to the probed function. The detour saves a `struct pt_regs` at sp, which
 * optimized_callback() completes (arch/x86/kernel/kprobes/opt.c). @throws Fault corrupt if these registers are not in
 * code, because the callback was not reached
 */
export function detourRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  if (cursor.exact || !generatedCode(kernel, lookupAddress(cursor))?.isDetour) return undefined;
  const registers = readPtRegs(kernel, cursor.sp);
  if (!kernel.code.isText(registers.get(kernel.arch.pc) ?? 0n))
    throw Fault.at("corrupt", cursor.sp, "the registers that a kprobe saved here do not point to code");
  return { kind: "interrupted", registers, address: cursor.sp, exact: true };
}
