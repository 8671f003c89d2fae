/** Unwinding by frame records below the frame pointer, as riscv64 has them. */
import type { FramePointerState } from "../arch/functionFrame.ts";
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { callerCursor, type FrameCursor, lookupAddress, type Step } from "./cursor.ts";
import { isEntryReturn } from "./entryCode.ts";
import { readPtRegs } from "./ptRegs.ts";

/**
 * Steps over entry code that keeps `struct pt_regs` at its stack pointer, and ends at the first function of a CPU.
 * Applies to calls from this code: before the first one the registers may not have been saved.
 */
export function savedRegistersRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const { savedAtStackPointer, firstFunctions, pc } = kernel.arch;
  const name = kernel.symbols.at(lookupAddress(cursor))?.name ?? "";
  if (firstFunctions?.test(name)) return { kind: "end" };
  // Entry code of this name can have become a C function, which code with this suffix calls (loongarch64).
  const isEntryCode = savedAtStackPointer?.test(name) === true && !kernel.symbols.find(`${name}_asm`);
  if (!isEntryCode || (cursor.exact && !isEntryReturn(kernel, cursor.pc))) return undefined;
  const registers = readPtRegs(kernel, cursor.sp);
  // The registers at the end of a kernel thread's stack are empty.
  if (registers.get(pc) === 0n) return { kind: "end" };
  return { kind: "interrupted", registers, address: cursor.sp, exact: true };
}

/**
 * Follows `struct stackframe`, `{fp, ra}` below the address in the frame pointer (arch/riscv/kernel/stacktrace.c). A
 * function that calls nothing saves only the frame pointer, where others save the return address.
 */
export function frameBelowRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const { arch, memory } = kernel;
  const word = BigInt(arch.wordSize);
  const fp = cursor.known.get(arch.framePointer);
  const ra = arch.linkRegister === undefined ? undefined : cursor.known.get(arch.linkRegister);
  const state = cursor.exact ? stateAt(kernel, cursor.pc, ra) : "set";
  // The function has not made its frame, or makes none, as assembly code.
  if (state === "unchanged" && ra !== undefined && isCode(kernel, ra))
    return callerOf(kernel, { pc: ra, sp: cursor.sp, fp });
  if (fp === undefined || !memory.isKernelAddress(fp) || fp % word !== 0n || fp < cursor.sp) return undefined;
  const below = memory.word(fp - word);
  const doubt = state === "set" ? undefined : "frame record";
  if (cursor.exact && ra !== undefined && !isCode(kernel, below) && memory.isKernelAddress(below))
    return callerOf(kernel, { pc: ra, sp: fp, fp: below }, doubt);
  return callerOf(kernel, { pc: below, sp: fp, fp: memory.word(fp - 2n * word) }, doubt);
}

/** Maximum number of bytes from the start of a function that are examined. */
const MAX_BYTES = 1n << 16n;

/**
 * Returns what an interrupted function has done with the frame pointer; undefined if its code is not known, for entry
 * code, and for code that has called something without a frame. @param ra the register of return addresses
 */
function stateAt(kernel: Kernel, pc: bigint, ra: bigint | undefined): FramePointerState | undefined {
  const symbol = kernel.symbols.at(pc);
  if (!symbol || isEntry(kernel, symbol.name) || pc - symbol.address > MAX_BYTES) return undefined;
  if (pc === symbol.address) return "unchanged";
  const code = attempt(() => kernel.memory.read(symbol.address, Number(pc - symbol.address)));
  const state = code instanceof Fault ? undefined : kernel.arch.framePointerState?.(code);
  const isOwnCall = ra !== undefined && kernel.symbols.at(ra)?.address === symbol.address;
  return state === "unchanged" && isOwnCall ? undefined : state;
}

const isEntry = ({ arch }: Kernel, name: string): boolean => arch.savedAtStackPointer?.test(name) === true;

/** Whether code is at an address, also code that the kernel generated. */
const isCode = (kernel: Kernel, address: bigint): boolean =>
  kernel.code.isText(address) || (address !== 0n && kernel.symbols.at(address - 1n) !== undefined);

function callerOf(
  kernel: Kernel,
  { pc, sp, fp }: { readonly pc: bigint; readonly sp: bigint; readonly fp: bigint | undefined },
  doubt?: string,
): Step {
  const cursor = callerCursor(kernel, pc, sp, fp === undefined ? undefined : new Map([[kernel.arch.framePointer, fp]]));
  return { kind: "caller", cursor, cfa: sp, ...(doubt === undefined ? {} : { doubt }) };
}
