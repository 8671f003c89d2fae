/** Unwinding through entry code of 32-bit arm. */
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { callerCursor, type FrameCursor, lookupAddress, type Step } from "./cursor.ts";
import { ptRegsSize, readPtRegs } from "./ptRegs.ts";
import { taskStackRange } from "./stacks.ts";
import { isUser } from "./user.ts";

/**
 * Maximum size in bytes of what entry code from user space leaves below `struct pt_regs`: two arguments of a system
 * call, alignment.
 */
const ENTRY_BYTES = 64n;

/** Steps over assembly code of 32-bit arm, which has no call frame information. */
export function entryCodeRule(kernel: Kernel, cursor: FrameCursor, task: Obj | undefined): Step | undefined {
  const name = kernel.symbols.at(lookupAddress(cursor))?.name ?? "";
  // The boot code that called these functions has been freed.
  if (/^(secondary_)?start_kernel$/.test(name)) return { kind: "end" };
  if (name === "call_with_stack") return callWithStack(kernel, cursor);
  // In arch/arm/kernel/entry-armv.S, svc_entry leaves sp at the saved registers.
  if (/^__(irq|dabt|pabt|und|fiq)_svc$/.test(name)) {
    return { kind: "interrupted", registers: readPtRegs(kernel, cursor.sp), address: cursor.sp, exact: true };
  }
  if (kernel.code.cfi(lookupAddress(cursor)) !== undefined) return undefined;
  return leafAssembly(kernel, cursor, name) ?? (task ? stepToUserRegisters(kernel, cursor, task) : undefined);
}

/**
 * Steps out of arch/arm/lib/getuser.S and putuser.S, where an exception or interrupt came: they have no unwind
 * information, call nothing and leave the stack as it is.
 */
function leafAssembly(kernel: Kernel, cursor: FrameCursor, name: string): Step | undefined {
  if (!cursor.exact || !/^__(get|put)_user_\w+$/.test(name)) return undefined;
  const registers = new Map(cursor.registers());
  const pc = registers.get("lr");
  if (pc === undefined || !kernel.code.isText(pc)) return undefined;
  registers.delete("lr");
  registers.delete("cpsr");
  return { kind: "caller", cursor: callerCursor(kernel, pc, cursor.sp, registers), cfa: cursor.sp };
}

/** Whether no call made a return address: entry code set it to the first instruction of a function. */
export function isEntryReturn(kernel: Kernel, pc: bigint): boolean {
  const { entryReturns } = kernel.arch;
  if (!entryReturns) return false;
  const symbol = kernel.symbols.at(pc);
  return symbol?.address === pc && entryReturns.test(symbol.name);
}

/**
 * Returns the step to the user's registers, which are 8 bytes below the end of the stack (task_pt_regs()). For a kernel
 * thread they are empty, and the stack ends. Undefined if sp is not close to them.
 */
function stepToUserRegisters(kernel: Kernel, cursor: FrameCursor, task: Obj): Step | undefined {
  const stack = attempt(() => taskStackRange(kernel, task));
  if (stack instanceof Fault) return undefined;
  const address = stack.end - 8n - BigInt(ptRegsSize(kernel));
  if (cursor.sp > address || cursor.sp < address - ENTRY_BYTES) return undefined;
  const registers = readPtRegs(kernel, address);
  const isEmpty = registers.get(kernel.arch.pc) === 0n;
  return isUser(kernel, registers) && !isEmpty
    ? { kind: "interrupted", registers, address, exact: true }
    : { kind: "end" };
}

/** Steps out of arch/arm/lib/call_with_stack.S, which keeps `{fp, lr}` on the previous stack and its address in fp. */
function callWithStack(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const fp = cursor.known.get(kernel.arch.framePointer);
  if (fp === undefined) return undefined;
  const more = new Map([...cursor.known, [kernel.arch.framePointer, kernel.memory.word(fp)]] as const);
  const sp = fp + 8n;
  return { kind: "caller", cursor: callerCursor(kernel, kernel.memory.word(fp + 4n), sp, more), cfa: sp };
}
