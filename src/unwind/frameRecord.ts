/** Unwinding by frame records of arm64. */
import type { Registers } from "../arch/arch.ts";
import type { FramePrologue } from "../arch/functionFrame.ts";
import { attempt, Fault } from "../base/fault.ts";
import { derived } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import { type FrameCursor, type Step, wrap } from "./cursor.ts";
import { readPtRegs } from "./ptRegs.ts";
import { threadSize } from "./stacks.ts";

/** `enum` of arch/arm64/include/asm/stacktrace/frame.h (6.13): kinds of records that end or interrupt a chain. */
const FRAME_META_TYPE_FINAL = 1n;
const FRAME_META_TYPE_PT_REGS = 2n;

/** Mask of PSTATE.M; the field is 0 for an exception taken from EL0 (EL0t). */
const PSR_MODE_MASK = 0xfn;

/**
 * Steps over entry code of arm64, which has no call frame information. There x29 points to the frame record inside the
 * `struct pt_regs` that kernel_entry (arch/arm64/kernel/entry.S) wrote.
 */
export function entryRecordRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const fp = cursor.known.get("x29");
  const inside = recordInPtRegs(kernel);
  const record = fp !== undefined && inside && kernel.memory.isKernelAddress(fp) && attempt(() => recordAt(kernel, fp));
  if (!record || record instanceof Fault) return undefined;
  const address = wrap(kernel, fp - BigInt(inside.offset));
  const interrupted = (): Step => ({
    kind: "interrupted",
    registers: readPtRegs(kernel, address),
    address,
    exact: true,
  });
  const level = entryLevel(kernel, cursor);
  // Up to 6.12 an exception from kernel mode has an ordinary record; only the name of the entry code tells the
  // exception.
  if (!record.last) return level === 1 ? interrupted() : undefined;
  // A function that entry code has just called has not yet made its record: x29 still points to the record of the entry
  // code.
  if (cursor.exact && level === undefined) return undefined;
  const meta = inside.hasMeta ? kernel.memory.word(fp + 16n) : undefined;
  if (meta === FRAME_META_TYPE_PT_REGS) return interrupted();
  if (meta !== undefined && meta !== FRAME_META_TYPE_FINAL) return undefined;
  // The last record: it is followed by user space or, for a kernel thread, by nothing.
  const registers = attempt(() => readPtRegs(kernel, address));
  const isUser =
    !(registers instanceof Fault) &&
    (registers.get("pstate") ?? 1n) % (PSR_MODE_MASK + 1n) === 0n &&
    registers.get("pc") !== 0n;
  return isUser ? { kind: "interrupted", registers, address, exact: true } : { kind: "end" };
}

function recordAt(kernel: Kernel, fp: bigint): { readonly fp: bigint; readonly lr: bigint; readonly last: boolean } {
  const outer = kernel.memory.word(fp);
  const lr = kernel.memory.word(fp + 8n);
  return { fp: outer, lr, last: outer === 0n && lr === 0n };
}

/**
 * Returns the exception level from which entry code was entered, by its name ("el1h_64_irq"); undefined for other code.
 */
function entryLevel(kernel: Kernel, { pc, exact }: Pick<FrameCursor, "pc" | "exact">): 0 | 1 | undefined {
  const name = kernel.symbols.at(exact ? pc : pc - 1n)?.name ?? "";
  // Code that the vectors reach when the task's stack overflows; only exceptions from EL1 use it.
  if (name === "__bad_stack") return 1;
  const match = /^el([01])[ht]?_(?:32_|64_)?(?:sync|irq|fiq|error)(?:_compat|_invalid)?$/.exec(name);
  return match ? (match[1] === "1" ? 1 : 0) : undefined;
}

const recordInPtRegs = derived(
  "pt_regs.stackframe",
  (kernel): { readonly offset: number; readonly hasMeta: boolean } | undefined => {
    const regs = kernel.object("struct pt_regs", 0n);
    if (!regs.has("stackframe")) return undefined;
    return { offset: Number(regs.at("stackframe").address), hasMeta: regs.has("stackframe.type") };
  },
);

/** Follows arm64's frame records, `{x29, x30}` at the address in x29 (AAPCS64, "The Frame Pointer"). */
export function frameRecordRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const fp = cursor.known.get("x29");
  const prologue = kernel.code.isText(cursor.pc) ? prologueOf(kernel, cursor.pc, cursor.exact) : undefined;
  const isLeaf = cursor.exact && !prologue?.hasRecord && cursor.known.has("x30");
  const caller = isLeaf ? leafCaller(kernel, cursor, prologue) : undefined;
  if (caller || (isLeaf && prologue)) return caller;
  if (fp === undefined || !kernel.memory.isKernelAddress(fp) || (fp & 7n) !== 0n) return undefined;
  const record = recordAt(kernel, fp);
  const pc = kernel.memory.canonical(record.lr);
  // Without a known prologue, at least the record itself belongs to the callee.
  const cfa = fp + BigInt(prologue?.cfaOffset ?? 16);
  const known = new Map([["pc", pc], ["sp", cfa], ["x29", record.fp]]); // prettier-ignore
  const registers = (): Registers => withCalleeSaved(kernel, cursor, fp, known);
  const step = { kind: "caller", cursor: { pc, sp: cfa, known, registers, exact: false }, cfa } as const;
  // Unknown code may not have made its record: then its caller is missing.
  return isLeaf ? { ...step, doubt: "frame record" } : step;
}

/** Maximum number of bytes of one function that are decoded; a prologue is far shorter. */
const PROLOGUE_BYTES = 256;
const FUNCTION_BYTES = 4096;

/**
 * Returns how the function around `pc` made its frame record. @param exact whether pc is the current instruction: the
 * function can then be in its prologue or epilogue, and all its instructions count @returns undefined if the
 * instructions cannot be read
 */
function prologueOf(kernel: Kernel, pc: bigint, exact: boolean): FramePrologue | undefined {
  const entry = kernel.symbols.at(exact ? pc : pc - 1n)?.address;
  if (entry === undefined) return undefined;
  const bytes = Math.min(Number(pc - entry), exact ? FUNCTION_BYTES : PROLOGUE_BYTES);
  const code = bytes > 0 ? attempt(() => kernel.memory.read(entry, bytes)) : new Uint8Array(0);
  return code instanceof Fault ? undefined : kernel.arch.framePrologue?.(code);
}

/** Adds the callee-saved registers that a function with its record at `fp` has saved, or does not change. */
function withCalleeSaved(
  kernel: Kernel,
  { pc, exact, registers }: FrameCursor,
  fp: bigint,
  known: Registers,
): Registers {
  const { arch, code, memory } = kernel;
  const symbol = code.isText(pc) ? kernel.symbols.at(exact ? pc : pc - 1n) : undefined;
  if (!symbol || symbol.size > FUNCTION_BYTES) return known;
  const body = attempt(() => memory.read(symbol.address, symbol.size));
  const saves = body instanceof Fault ? undefined : arch.calleeSaves?.(body, Number(pc - symbol.address));
  if (!saves) return known;
  const inner = registers();
  const all = new Map(known);
  for (const name of arch.calleeSaved) {
    const slot = saves.saved.get(name);
    const value =
      slot !== undefined
        ? attempt(() => memory.word(fp + BigInt(slot)))
        : saves.changed.has(name)
          ? undefined
          : inner.get(name);
    if (value !== undefined && !(value instanceof Fault) && !all.has(name)) all.set(name, value);
  }
  return all;
}

/**
 * Returns the caller of a function whose return address is still, or again, in the link register; undefined if the
 * register does not hold a return address.
 */
function leafCaller(kernel: Kernel, cursor: FrameCursor, prologue: FramePrologue | undefined): Step | undefined {
  const lr = cursor.known.get("x30");
  if (lr === undefined) return undefined;
  const pc = kernel.memory.canonical(lr);
  const known = new Map([...cursor.known, ["pc", pc]] as const);
  known.delete("x30");
  const fp = cursor.known.get("x29");
  const record = fp !== undefined && attempt(() => recordAt(kernel, fp));
  // The CPU may have stopped at an exception vector. Then x30 and x29 are those of the interrupted function. If the
  // record at x29 holds the same value as x30, including the authentication code, the interrupted function has already
  // made its record.
  const isOwn = record && !(record instanceof Fault) && record.lr === lr;
  if (!isOwn && !kernel.code.isText(pc) && !isCallOf(kernel, pc, cursor.pc)) return undefined;
  if (isOwn) known.set("x29", record.fp);
  const sp =
    prologue?.allocatedBytes === 0 && !isOwn
      ? cursor.sp
      : (spFromRecord(kernel, pc, known.get("x29"), cursor.sp) ?? cursor.sp);
  known.set("sp", sp);
  return { kind: "caller", cursor: { pc, sp, known, registers: () => known, exact: false }, cfa: undefined };
}

/**
 * Whether an address in code without symbols is a return address of the function around `pc`, according to the call
 * before it.
 */
function isCallOf(kernel: Kernel, returnAddress: bigint, pc: bigint): boolean {
  if (!kernel.memory.isKernelAddress(returnAddress)) return false;
  const code = attempt(() => kernel.memory.read(returnAddress - 4n, 4));
  const call = code instanceof Fault ? undefined : kernel.arch.callBefore?.(code, returnAddress);
  if (call?.target === undefined) return call !== undefined && !kernel.memory.isKernelAddress(pc);
  return call.target <= pc && pc - call.target < BigInt(FUNCTION_BYTES);
}

/**
 * Returns the stack pointer of a function that has called another, from the distance to its record. @param inner the
 * callee's stack pointer @returns undefined if the result is not close above `inner`
 */
function spFromRecord(kernel: Kernel, pc: bigint, fp: bigint | undefined, inner: bigint): bigint | undefined {
  const offset = prologueOf(kernel, pc, false)?.recordOffset;
  if (offset === undefined || fp === undefined) return undefined;
  const sp = fp - BigInt(offset);
  return sp >= inner && sp - inner < BigInt(threadSize(kernel)) ? sp : undefined;
}
