/** Unwinding by the instructions that lower the stack pointer and store registers, for code without tables (LoongArch). */
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { callerCursor, type FrameCursor, lookupAddress, type Step, wrap } from "./cursor.ts";

/** Maximum number of bytes of a function that are examined. */
const MAX_BYTES = 1n << 16n;

/**
 * Steps by what the function has done up to the current instruction. A function that has stored no return address still
 * has it in the link register. The compiler can reorder blocks, so that a result which is not behind a call is none.
 */
export function storingPrologueRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const { arch, memory } = kernel;
  const entry = kernel.symbols.at(lookupAddress(cursor))?.address;
  if (!arch.storingPrologue || !arch.linkRegister || entry === undefined || cursor.pc - entry > MAX_BYTES)
    return undefined;
  const code = attempt(() => memory.read(entry, Number(cursor.pc - entry)));
  if (code instanceof Fault) return undefined;
  const { base, bytes, saved } = arch.storingPrologue(code);
  const from = base === "sp" ? cursor.sp : cursor.registers().get(arch.framePointer);
  if (from === undefined) return undefined;
  const cfa = wrap(kernel, from + BigInt(bytes));
  const registers = new Map<string, bigint>();
  for (const name of arch.calleeSaved) {
    const value = savedValue(kernel, cfa, saved.get(name)) ?? cursor.registers().get(name);
    if (value !== undefined) registers.set(name, value);
  }
  const link = cursor.exact ? cursor.registers().get(arch.linkRegister) : undefined;
  const pc = savedValue(kernel, cfa, saved.get(arch.linkRegister)) ?? link;
  if (pc === undefined || !kernel.code.isText(pc)) return undefined;
  return { kind: "caller", cursor: callerCursor(kernel, pc, cfa, registers), cfa };
}

const savedValue = (kernel: Kernel, cfa: bigint, distance: number | undefined): bigint | undefined =>
  distance === undefined ? undefined : kernel.memory.word(wrap(kernel, cfa - BigInt(distance)));
