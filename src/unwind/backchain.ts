/** Unwinding by the back chain of s390x. */
import type { Kernel } from "../model/kernel.ts";
import { callerCursor, type FrameCursor, type Step, wrap } from "./cursor.ts";
import { readPtRegs } from "./ptRegs.ts";
import { isUser } from "./user.ts";

/** Index of r14, the return address, among r6 to r15, the registers that `struct stack_frame` saves. */
const SAVED_R14 = 8;

/** Follows the back chain of s390x (arch/s390/kernel/unwind_bc.c). Where it is zero, a `struct pt_regs` follows. */
export function backchainRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const frame = kernel.object("struct stack_frame", cursor.sp);
  const outer = frame.at("back_chain").value();
  if (outer === 0n) {
    const address = wrap(kernel, cursor.sp + BigInt(frame.size));
    const registers = readPtRegs(kernel, address);
    // At the end of a kernel thread's stack this pt_regs is empty. Up to 6.1 it has the address of __ret_from_fork.
    const isEmpty = registers.get(kernel.arch.pc) === 0n || registers.get(kernel.arch.sp) === 0n;
    if (isEmpty && !isUser(kernel, registers)) return { kind: "end" };
    return { kind: "interrupted", registers, address, exact: true };
  }
  const caller = savedBy(kernel, outer);
  return { kind: "caller", cursor: caller, cfa: outer };
}

/** Returns the frame that starts at `sp`, with the return address that its callee saved in it. @throws Fault */
export function savedBy(kernel: Kernel, sp: bigint): FrameCursor {
  const pc = kernel.object("struct stack_frame", sp).at(`gprs[${SAVED_R14}]`).value();
  return callerCursor(kernel, pc, sp);
}
