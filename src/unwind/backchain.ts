import type { Kernel } from "../model/kernel.ts";
import { type Cursor, type Step, wrap } from "./cursor.ts";
import { readPtRegs } from "./ptRegs.ts";

/** Index of r14, the return address, among the registers r6 to r15 that `struct stack_frame` saves. */
const SAVED_R14 = 8;

/** Unwinds by the back chain of s390x (arch/s390/kernel/unwind_bc.c); where it is zero a `struct pt_regs` follows. */
export function backchainRule(kernel: Kernel, cursor: Cursor): Step | undefined {
  const frame = kernel.object("struct stack_frame", cursor.sp);
  const outer = frame.at("back_chain").value();
  if (outer === 0n) {
    const address = wrap(kernel, cursor.sp + BigInt(frame.size));
    const registers = readPtRegs(kernel, address);
    // A kernel thread has an empty one at the end of its stack.
    if (registers.get(kernel.arch.pc) === 0n) return { kind: "end" };
    return { kind: "interrupted", registers, address, exact: true };
  }
  const caller = savedBy(kernel, outer);
  return { kind: "caller", cursor: caller, cfa: outer };
}

/** The frame that starts at `sp`, with the return address that the function it called saved into it. @throws Fault */
export function savedBy(kernel: Kernel, sp: bigint): Cursor {
  const pc = kernel.object("struct stack_frame", sp).at(`gprs[${SAVED_R14}]`).value();
  const known = new Map([[kernel.arch.pc, pc], [kernel.arch.sp, sp]]); // prettier-ignore
  return { pc, sp, known, registers: () => known, exact: false };
}
