/** Prologues of arm64 functions, and their calls. */
import { viewOf } from "../../base/bytes.ts";
import type { CalleeSaves, FramePrologue } from "../functionFrame.ts";
import { arm64Effects } from "./effects.ts";
import { bits } from "../fixedEncoding.ts";

/**
 * Returns how a function has made its frame record. @param code from the function's entry to the current instruction,
 * or at least its prologue
 */
export function framePrologue(code: Uint8Array): FramePrologue {
  const view = viewOf(code);
  let allocatedBytes = 0;
  let cfaOffset: number | undefined;
  let recordOffset: number | undefined;
  let hasRecord = false;
  for (let at = 0; at + 4 <= code.length; at += 4) {
    // Instructions are little-endian whatever the byte order of data.
    const word = view.getUint32(at, true);
    if (cfaOffset === undefined) allocatedBytes += takesStack(word);
    // A large frame is allocated in two steps; the second follows the record.
    else if (recordOffset === 0 && isSubSp(word)) recordOffset = immediate12(word);
    if (setsFramePointer(word)) {
      cfaOffset ??= allocatedBytes - immediate12(word);
      recordOffset ??= immediate12(word);
      hasRecord = true;
    } else if (restoresFramePointer(word)) hasRecord = false;
    // Code after a return belongs to another path through the function.
    else if (isReturn(word)) hasRecord = cfaOffset !== undefined;
  }
  return { hasRecord, cfaOffset, recordOffset, allocatedBytes };
}

/** Whether the AAPCS64 makes functions preserve a register; false for the frame pointer. */
const isCalleeSaved = (register: number): boolean => register >= 19 && register <= 28;

/**
 * Returns what a function does with the callee-saved registers. Only saves in the block that makes the frame record are
 * certain to have run. @param code the whole function @param limit bytes of `code` up to the current instruction
 */
export function calleeSaves(code: Uint8Array, limit: number): CalleeSaves {
  const view = viewOf(code);
  const effects = arm64Effects(code, 0n);
  const changed = new Set<string>();
  const slots = new Map<string, number>();
  let sp = 0;
  let record: number | undefined;
  for (const { address, flow } of effects) {
    const at = Number(address);
    if (at >= limit) break;
    if (flow !== "next") {
      if (record !== undefined) break;
      slots.clear();
      continue;
    }
    const word = view.getUint32(at, true);
    const store = storeOf(word);
    if (store?.writesBack) sp += store.offset;
    else if (isSubSp(word)) sp -= immediate12(word);
    for (const [i, register] of (store?.registers ?? []).entries())
      if (isCalleeSaved(register) && !changed.has(`x${register}`))
        slots.set(`x${register}`, sp + (store?.writesBack ? 0 : (store?.offset ?? 0)) + i * 8);
    if (setsFramePointer(word)) record = sp + immediate12(word);
    for (const name of effects[at / 4]?.writes.keys() ?? []) changed.add(name);
  }
  for (const { writes } of effects) for (const name of writes.keys()) changed.add(name);
  const start = record;
  const saved = start === undefined ? [] : [...slots].map(([name, slot]) => [name, slot - start] as const);
  return { saved: new Map(saved), changed };
}

/**
 * Reads STR and STP of 64-bit registers to the stack pointer plus a constant, before the store where it writes back;
 * undefined for other instructions.
 */
function storeOf(word: number): { registers: number[]; offset: number; writesBack: boolean } | undefined {
  if (bits(word, 9, 5) !== 31) return undefined;
  const [first, second] = [bits(word, 4, 0), bits(word, 14, 10)];
  const isPair = masked(word, 0xffc00000) === 0xa9000000;
  if (isPair || masked(word, 0xffc00000) === 0xa9800000)
    return { registers: [first, second], offset: immediate7(word), writesBack: !isPair };
  if (masked(word, 0xffc00000) === 0xf9000000)
    return { registers: [first], offset: bits(word, 21, 10) * 8, writesBack: false };
  if (masked(word, 0xffe00c00) === 0xf8000c00)
    return { registers: [first], offset: (word << 11) >> 23, writesBack: true };
  return undefined;
}

const masked = (word: number, mask: number): number => (word & mask) >>> 0;

/**
 * Returns the bytes allocated by `sub sp, sp, #imm` or `stp x29, x30, [sp, #-imm]!` (Arm Architecture Reference Manual,
 * C6.2).
 */
function takesStack(word: number): number {
  if (isSubSp(word)) return immediate12(word);
  if (masked(word, 0xffc07fff) === 0xa9807bfd) return -immediate7(word);
  return 0;
}

const isSubSp = (word: number): boolean => masked(word, 0xff8003ff) === 0xd10003ff;

/** Returns bits 10 to 21, shifted by 12 if bit 22 is set. */
const immediate12 = (word: number): number => ((word >>> 10) & 0xfff) << ((word >>> 22) & 1 ? 12 : 0);
/** Returns bits 15 to 21, signed, in units of 8. */
const immediate7 = (word: number): number => ((word << 10) >> 25) * 8;

/** Whether an instruction is `mov x29, sp` or `add x29, sp, #imm`. */
const setsFramePointer = (word: number): boolean => masked(word, 0xff8003ff) === 0x910003fd;
/** Whether an instruction is `ldp x29, x30, [sp], #imm` or `ldp x29, x30, [sp, #imm]`. */
const restoresFramePointer = (word: number): boolean =>
  masked(word, 0xffc07fff) === 0xa8c07bfd || masked(word, 0xffc07fff) === 0xa9407bfd;
const isReturn = (word: number): boolean => masked(word, 0xfffffc1f) === 0xd65f0000;

/**
 * Returns the call before a return address; undefined if there is none. The target is known for `bl`, not for `blr` and
 * its authenticating variants.
 * @param code the four bytes before `returnAddress`
 */
export function callBefore(
  code: Uint8Array,
  returnAddress: bigint,
): { readonly target: bigint | undefined } | undefined {
  const word = viewOf(code).getUint32(0, true);
  if (masked(word, 0xfc000000) === 0x94000000)
    return { target: BigInt.asUintN(64, returnAddress - 4n + BigInt((word << 6) >> 4)) };
  return masked(word, 0xfefff000) === 0xd63f0000 ? { target: undefined } : undefined;
}

/** Whether code contains a `bl` of one of the functions. */
export function mayCall(code: Uint8Array, address: bigint, targets: ReadonlySet<bigint>): boolean {
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const target = callBefore(code.subarray(at, at + 4), address + BigInt(at + 4))?.target;
    if (target !== undefined && targets.has(target)) return true;
  }
  return false;
}
