/** Unwinding by frame pointers of x86_64 and i386. */
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { callerCursor, type FrameCursor, lookupAddress, type Step, wrap } from "./cursor.ts";
import { generatedCode } from "./generatedCode.ts";
import { readPtRegs } from "./ptRegs.ts";

/**
 * Follows the chain of frame pointers, for kernels with CONFIG_UNWINDER_FRAME_POINTER (always on i386), BPF programs and
 * other generated code. In code that does not make such frames the register is a general one, so that the result is
 * uncertain.
 */
export function framePointerRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const { arch, memory } = kernel;
  const word = BigInt(arch.wordSize);
  const fp = cursor.known.get(arch.framePointer);
  const position = returnAddressPosition(kernel, cursor);
  if (typeof position === "number") return callerAt(kernel, cursor, cursor.sp + BigInt(position), fp);
  if (fp === undefined) return undefined;
  const address = arch.encodedRegisters?.(fp);
  if (address !== undefined && memory.isKernelAddress(address)) {
    const registers = readPtRegs(kernel, address);
    return { kind: "interrupted", registers, address, exact: true };
  }
  if (!memory.isKernelAddress(fp) || fp < cursor.sp || fp % word !== 0n) return undefined;
  const step = callerAt(kernel, cursor, fp + word, memory.word(fp));
  // The BPF compiler always creates such a frame.
  const isCertain = position === "frame" || generatedCode(kernel, lookupAddress(cursor)) !== undefined;
  return step && (isCertain ? step : { ...step, doubt: "frame pointer" });
}

/**
 * Returns the caller of a function whose return address is at `slot`; undefined if it is not code. @param fp the
 * caller's frame pointer
 */
function callerAt(kernel: Kernel, cursor: FrameCursor, slot: bigint, fp: bigint | undefined): CallerStep | undefined {
  const { arch, memory } = kernel;
  const pc = memory.word(slot);
  if (!kernel.code.isText(pc)) return undefined;
  const cfa = wrap(kernel, slot + BigInt(arch.wordSize));
  const more = fp === undefined ? undefined : new Map([[arch.framePointer, fp]]);
  return { kind: "caller", cursor: callerCursor(kernel, pc, cfa, more), cfa };
}

type CallerStep = Extract<Step, { kind: "caller" }>;

/** Number of bytes at the start of a function that are examined: the first instructions make the frame. */
const PROLOGUE_BYTES = 64;
/** Number of bytes from the current instruction on that `Arch.returnAddressAt` examines, such as `pop %ebp; ret`. */
const NEXT_BYTES = 2;

/** Returns the position of the return address (see `Arch.returnAddressAt`); undefined if the code cannot be read. */
function returnAddressPosition(kernel: Kernel, { pc, exact }: FrameCursor): number | "frame" | undefined {
  const { arch } = kernel;
  const entry = kernel.symbols.at(exact ? pc : pc - 1n)?.address;
  if (!arch.returnAddressAt || entry === undefined || !kernel.code.isText(pc)) return undefined;
  const code = attempt(() => kernel.memory.read(entry, Math.min(Number(pc - entry), PROLOGUE_BYTES)));
  const next = exact ? attempt(() => kernel.memory.read(pc, NEXT_BYTES)) : new Uint8Array(0);
  return code instanceof Fault || next instanceof Fault ? undefined : arch.returnAddressAt(code, next);
}

/**
 * Steps out of an address without code, to which the kernel usually jumped through a NULL function pointer. The caller
 * pushed a return address as for any call, and nothing ran after that.
 */
export function calledNothingRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const { arch } = kernel;
  if (!cursor.exact || kernel.code.isText(cursor.pc)) return undefined;
  const pc = kernel.memory.word(cursor.sp);
  if (!kernel.code.isText(pc)) return undefined;
  const cfa = wrap(kernel, cursor.sp + BigInt(arch.wordSize));
  return { kind: "caller", cursor: callerCursor(kernel, pc, cfa, cursor.registers()), cfa };
}
