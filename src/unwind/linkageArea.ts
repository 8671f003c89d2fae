/** Unwinding by the stack frames of ppc64le, whose first words link them. */
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { callerCursor, type FrameCursor, type Step, wrap } from "./cursor.ts";
import { ptRegsSize, readPtRegs } from "./ptRegs.ts";

/**
 * Offset in the frame of the caller at which the callee saves its return address (64-Bit ELF V2 ABI, section 2.2.3).
 */
const LR_SAVE = 16n;

/** STACK_FRAME_REGS_MARKER of arch/powerpc/include/asm/ptrace.h: "REGS", and before "regshere". */
const MARKERS: ReadonlySet<unknown> = new Set([0x53474552n, 0x7265677368657265n]);
/** Offsets of the marker and of `struct pt_regs` in a frame that entry code made: since v6.2, and before. */
const MARKED = [
  { marker: 32n, registers: 48n },
  { marker: 96n, registers: 112n },
] as const;

/** Steps over entry code, which puts `struct pt_regs` and a marker into its frame. */
export function markedRegistersRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  if (cursor.exact) return undefined;
  const outer = attempt(() => kernel.memory.word(cursor.sp));
  const bytes = outer instanceof Fault || outer <= cursor.sp ? undefined : outer - cursor.sp;
  for (const { marker, registers: offset } of MARKED) {
    // In a smaller frame the marker is that of the frame after it.
    if (bytes !== undefined && bytes < offset + BigInt(ptRegsSize(kernel))) continue;
    if (!MARKERS.has(attempt(() => kernel.memory.word(cursor.sp + marker)))) continue;
    const address = wrap(kernel, cursor.sp + offset);
    const registers = readPtRegs(kernel, address);
    // The registers at the end of a kernel thread's stack are empty.
    if (registers.get(kernel.arch.pc) === 0n) return { kind: "end" };
    return { kind: "interrupted", registers, address, exact: true };
  }
  return undefined;
}

/** Follows the back chain. A function that has made no frame has its return address in the link register. */
export function linkageAreaRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  // At an exception vector the stack pointer is still that of the interrupted user code.
  if (cursor.exact && !kernel.memory.isKernelAddress(cursor.sp)) return { kind: "end" };
  const link = kernel.arch.linkRegister === undefined ? undefined : cursor.known.get(kernel.arch.linkRegister);
  if (cursor.exact && link !== undefined && kernel.code.isText(link) && !hasFrame(kernel, cursor.pc)) {
    const others = new Map(cursor.known);
    others.delete(kernel.arch.linkRegister ?? "");
    return { kind: "caller", cursor: callerCursor(kernel, link, cursor.sp, others), cfa: cursor.sp };
  }
  const caller = callerOf(kernel, cursor.sp);
  return caller ? { kind: "caller", cursor: caller, cfa: caller.sp } : { kind: "end" };
}

/** Returns the frame to which the back chain at `sp` points; undefined for the outermost. @throws Fault */
export function callerOf(kernel: Kernel, sp: bigint): FrameCursor | undefined {
  const outer = kernel.memory.word(sp);
  if (outer === 0n) return undefined;
  const pc = kernel.memory.word(outer + LR_SAVE);
  if (pc === 0n) return undefined;
  return callerCursor(kernel, pc, outer);
}

/** Maximum number of bytes of a function that are examined. */
const PROLOGUE_BYTES = 256;

/**
 * Whether `stdu r1,-n(r1)`, which makes the frame, is among the instructions up to `pc`; true if these are not known,
 * because most functions make one.
 */
function hasFrame(kernel: Kernel, pc: bigint): boolean {
  const entry = kernel.symbols.at(pc)?.address;
  if (entry === undefined) return true;
  const code = attempt(() => kernel.memory.read(entry, Math.min(Number(pc - entry) & ~3, PROLOGUE_BYTES)));
  if (code instanceof Fault) return true;
  const words = new DataView(code.buffer, code.byteOffset, code.byteLength);
  for (let at = 0; at + 4 <= words.byteLength; at += 4)
    if ((words.getUint32(at, kernel.arch.byteOrder === "little") & 0xffff0003) >>> 0 === 0xf8210001) return true;
  return false;
}
