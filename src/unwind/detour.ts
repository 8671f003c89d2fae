import { Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { type Cursor, lookupAddress, type Step } from "./cursor.ts";
import { generatedCode } from "./generatedCode.ts";
import { readPtRegs } from "./ptRegs.ts";

/**
 * Steps from an optimised kprobe's detour to the function that it was jumped to from: the detour saves a
 * `struct pt_regs` where sp then stands, of which optimized_callback() fills in the rest (arch/x86/kernel/kprobes/opt.c).
 * @throws Fault corrupt when those registers stand in no code: the callback did not come to it
 */
export function detourRule(kernel: Kernel, cursor: Cursor): Step | undefined {
  if (cursor.exact || !generatedCode(kernel, lookupAddress(cursor))?.isDetour) return undefined;
  const registers = readPtRegs(kernel, cursor.sp);
  if (!kernel.code.isText(registers.get(kernel.arch.pc) ?? 0n))
    throw Fault.at("corrupt", cursor.sp, "the registers that a kprobe saved here stand in no code");
  return { kind: "interrupted", registers, address: cursor.sp, exact: true };
}
