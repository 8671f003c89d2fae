import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { type Cursor, type Step, wrap } from "./cursor.ts";
import { readPtRegs } from "./ptRegs.ts";

/** `enum` of arch/arm64/include/asm/stacktrace/frame.h (6.13): what ends or interrupts a chain of frame records. */
const FRAME_META_TYPE_FINAL = 1n;
const FRAME_META_TYPE_PT_REGS = 2n;

/** PSTATE.M of exceptions taken from EL0. */
const PSR_MODE_MASK = 0xfn;

/**
 * Steps over entry code of arm64, which has no call frame information: there x29 points at the frame record inside
 * the `struct pt_regs` that kernel_entry (arch/arm64/kernel/entry.S) filled in.
 */
export function entryRecordRule(kernel: Kernel, cursor: Cursor): Step | undefined {
  const fp = cursor.known.get("x29");
  const inside = recordInPtRegs(kernel);
  if (fp === undefined || inside === undefined) return undefined;
  const address = wrap(kernel, fp - BigInt(inside.offset));
  const interrupted = (): Step => ({
    kind: "interrupted",
    registers: readPtRegs(kernel, address),
    address,
    exact: true,
  });
  if (kernel.memory.word(fp) !== 0n || kernel.memory.word(fp + 8n) !== 0n) {
    // Up to 6.12 an exception taken in the kernel has an ordinary record there: only entry code knows that it is one.
    return entryLevel(kernel, cursor) === 1 ? interrupted() : undefined;
  }
  const meta = inside.hasMeta ? kernel.memory.word(fp + 16n) : undefined;
  if (meta === FRAME_META_TYPE_PT_REGS) return interrupted();
  if (meta !== undefined && meta !== FRAME_META_TYPE_FINAL) return undefined;
  // The last record: below it is user space, or, for a kernel thread, nothing.
  const registers = attempt(() => readPtRegs(kernel, address));
  const isUser =
    !(registers instanceof Fault) &&
    (registers.get("pstate") ?? 1n) % (PSR_MODE_MASK + 1n) === 0n &&
    registers.get("pc") !== 0n;
  return isUser ? { kind: "interrupted", registers, address, exact: true } : { kind: "end" };
}

/** Exception level that entry code at this place was entered from, by its name ("el1h_64_irq"). */
function entryLevel(kernel: Kernel, { pc, exact }: Cursor): 0 | 1 | undefined {
  const name = kernel.symbols.at(exact ? pc : pc - 1n)?.name ?? "";
  const match =
    /^el([01])[ht]?_(?:(?:32|64)_)?(?:sync|irq|fiq|error)(?:_invalid)?$|^el([01])_(?:sync|irq|fiq|error|svc|da|ia|dbg|undef|inv)/.exec(
      name,
    );
  if (!match || name.endsWith("_handler")) return undefined;
  return (match[1] ?? match[2]) === "1" ? 1 : 0;
}

function recordInPtRegs(kernel: Kernel): { readonly offset: number; readonly hasMeta: boolean } | undefined {
  return kernel.memo("pt_regs.stackframe", () => {
    const regs = kernel.object("struct pt_regs", 0n);
    if (!regs.has("stackframe")) return undefined;
    return { offset: Number(regs.at("stackframe").address), hasMeta: regs.has("stackframe.type") };
  });
}

/** Unwinds by arm64's frame records, `{x29, x30}` where x29 points (AAPCS64, "The Frame Pointer"). */
export function frameRecordRule(kernel: Kernel, cursor: Cursor): Step | undefined {
  const fp = cursor.known.get("x29");
  if (cursor.exact && !hasRecord(kernel, cursor)) return leafCaller(kernel, cursor);
  if (fp === undefined || !kernel.memory.isKernelAddress(fp) || (fp & 7n) !== 0n) return undefined;
  const outer = kernel.memory.word(fp);
  const pc = kernel.memory.canonical(kernel.memory.word(fp + 8n));
  // Compilers put the record at the bottom of the frame: the caller's sp is its own x29.
  const sp = outer > fp && kernel.memory.isKernelAddress(outer) ? outer : fp + 16n;
  const known = new Map([["pc", pc], ["sp", sp], ["x29", outer]]); // prettier-ignore
  return { kind: "caller", cursor: { pc, sp, known, registers: () => known, exact: false }, cfa: undefined };
}

/** `mov x29, sp` and `add x29, sp, #imm`: from here on x29 points at the function's own record. */
const setsFramePointer = (instruction: number): boolean => (instruction & 0xff8003ff) >>> 0 === 0x910003fd;
/** `ldp x29, x30, [sp], #imm` and `ldp x29, x30, [sp, #imm]`: from here to the return it is the caller's again. */
const restoresFramePointer = (instruction: number): boolean =>
  (instruction & 0xffc07fff) >>> 0 === 0xa8c07bfd || (instruction & 0xffc07fff) >>> 0 === 0xa9407bfd;
const isReturn = (instruction: number): boolean => (instruction & 0xfffffc1f) >>> 0 === 0xd65f0000;

/** Instructions of one function that are looked through. */
const MAX_PROLOGUE = 1024;

/** Whether the function that stands at an exact pc has made its frame record: by its instructions up to there. */
function hasRecord(kernel: Kernel, cursor: Cursor): boolean {
  if (!kernel.code.isText(cursor.pc)) return false;
  const entry = kernel.symbols.at(cursor.pc)?.address;
  if (entry === undefined) return true;
  let has = false;
  let restored = false;
  const instructions = Math.min(Number(cursor.pc - entry) >> 2, MAX_PROLOGUE);
  for (let i = 0; i < instructions; i++) {
    const word = attempt(() => kernel.memory.u32(entry + BigInt(i * 4)));
    if (word instanceof Fault) return true;
    if (setsFramePointer(word)) has = true;
    if (restoresFramePointer(word)) restored = true;
    if (isReturn(word)) restored = false;
  }
  return has && !restored;
}

function leafCaller(kernel: Kernel, cursor: Cursor): Step | undefined {
  const lr = cursor.known.get("x30");
  if (lr === undefined) return undefined;
  const pc = kernel.memory.canonical(lr);
  if (!kernel.code.isText(pc)) return undefined;
  const known = new Map([...cursor.known, ["pc", pc]] as const);
  known.delete("x30");
  return { kind: "caller", cursor: { pc, sp: cursor.sp, known, registers: () => known, exact: false }, cfa: undefined };
}
