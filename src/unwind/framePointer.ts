/** Unwinding by frame pointers of x86_64. */
import type { Kernel } from "../model/kernel.ts";
import { type Cursor, lookupAddress, type Step, wrap } from "./cursor.ts";
import { generatedCode } from "./generatedCode.ts";
import { readPtRegs } from "./ptRegs.ts";

/**
 * Follows the rbp chain of x86_64, for kernels with CONFIG_UNWINDER_FRAME_POINTER, BPF programs and other generated
 * code. In other code rbp is a general register, so that the result is uncertain.
 */
export function framePointerRule(kernel: Kernel, cursor: Cursor): Step | undefined {
  const bp = cursor.known.get("rbp");
  if (bp === undefined || !kernel.memory.isKernelAddress(bp)) return undefined;
  // Entry code marks a saved struct pt_regs by the lowest bit (ENCODE_FRAME_POINTER).
  if (bp & 1n) {
    const address = bp - 1n;
    return { kind: "interrupted", registers: readPtRegs(kernel, address), address, exact: true };
  }
  if (bp < cursor.sp || (bp & 7n) !== 0n) return undefined;
  const pc = kernel.memory.word(bp + 8n);
  if (!kernel.code.isText(pc)) return undefined;
  const cfa = wrap(kernel, bp + 16n);
  const known = new Map([["rip", pc], ["rsp", cfa], ["rbp", kernel.memory.word(bp)]]); // prettier-ignore
  const step = { kind: "caller", cursor: { pc, sp: cfa, known, registers: () => known, exact: false }, cfa } as const;
  // The BPF compiler always creates such a frame.
  return generatedCode(kernel, lookupAddress(cursor)) ? step : { ...step, doubt: "frame pointer" };
}

/**
 * A jump to an address without code, usually through a NULL function pointer: the caller pushed a return address as for
 * any call, and nothing ran after it.
 */
export function calledNothingRule(kernel: Kernel, cursor: Cursor): Step | undefined {
  if (!cursor.exact || kernel.code.isText(cursor.pc)) return undefined;
  const pc = kernel.memory.word(cursor.sp);
  if (!kernel.code.isText(pc)) return undefined;
  const cfa = wrap(kernel, cursor.sp + 8n);
  const all = cursor.registers();
  const registers = new Map([...all, ["rip", pc], ["rsp", cfa]] as const);
  return { kind: "caller", cursor: { pc, sp: cfa, known: registers, registers: () => registers, exact: false }, cfa };
}
