/** Unwinding of x86_64 functions without unwinding tables, by their prologue. */
import { viewOf } from "../base/bytes.ts";
import { attempt, Fault } from "../base/fault.ts";
import type { Registers } from "../arch/arch.ts";
import type { PushPrologue } from "../arch/functionFrame.ts";
import { functionOfColdPart } from "../model/coldParts.ts";
import type { Kernel } from "../model/kernel.ts";
import { callerCursor, type FrameCursor, lookupAddress, type Step, wrap } from "./cursor.ts";
import { generatedCode } from "./generatedCode.ts";

/** Maximum size of a prologue in bytes. */
const PROLOGUE_BYTES = 96;

/**
 * Returns the pushes of a function up to the current instruction. @param limit bytes from `entry` to the current
 * instruction @returns undefined if the code cannot be read, or the machine has no such prologue
 */
function prologueOf(kernel: Kernel, entry: bigint, limit: number): PushPrologue | undefined {
  const code = attempt(() => kernel.memory.read(entry, PROLOGUE_BYTES));
  return code instanceof Fault ? undefined : kernel.arch.pushPrologue?.(code, limit);
}

/** Number of bytes of stack searched for a return address. */
const SEARCHED_BYTES = 2048;

/**
 * Unwinds x86_64 code that objtool ignores (kexec: the innermost frame of every kdump's panic task): by the effect of
 * the function's first instructions on rsp, otherwise by the nearest return address after a call of this function.
 */
export function prologueRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const entry = kernel.code.isText(cursor.pc) ? kernel.symbols.at(lookupAddress(cursor))?.address : undefined;
  // Generated code has frame pointers, which are exact.
  if (entry === undefined || generatedCode(kernel, entry)) return undefined;
  const prologue = prologueOf(kernel, entry, Number(cursor.pc - entry));
  if (prologue) {
    const cfa = wrap(kernel, cursor.sp + BigInt(prologue.bytes + 8));
    if (followsCall(kernel, kernel.memory.word(cfa - 8n)))
      return callerAt(kernel, cursor, cfa, prologue.saved.get("rbp"));
  }
  const cfa = nearestCall(kernel, cursor.sp, entry);
  return cfa === undefined ? undefined : callerAt(kernel, cursor, cfa, prologue?.saved.get("rbp"));
}

function callerAt(kernel: Kernel, cursor: FrameCursor, cfa: bigint, bpAt: number | undefined): Step {
  const pc = kernel.memory.word(cfa - 8n);
  const bp = bpAt === undefined ? cursor.known.get("rbp") : kernel.memory.word(cfa - BigInt(bpAt));
  const more = bp === undefined ? undefined : new Map([["rbp", bp]]);
  return { kind: "caller", cursor: callerCursor(kernel, pc, cfa, more), cfa, doubt: "prologue" };
}

/**
 * Returns the caller's registers from the pushes of a prologue, without call frame information. @param cfa canonical
 * frame address of the frame @returns an empty map if the pushes lead to another CFA
 */
export function pushedRegisters(kernel: Kernel, cursor: FrameCursor, cfa: bigint): Registers {
  const symbol = kernel.symbols.at(lookupAddress(cursor));
  // The cold part of a function is elsewhere and uses the same frame.
  const whole = symbol && functionOfColdPart(kernel, symbol);
  const limit = whole ? Infinity : Number(cursor.pc - (symbol?.address ?? cursor.pc));
  const prologue = symbol && prologueOf(kernel, (whole ?? symbol).address, limit);
  if (!prologue || cfa - cursor.sp !== BigInt(prologue.bytes + 8)) return new Map();
  const registers = new Map<string, bigint>();
  for (const name of kernel.arch.calleeSaved) {
    const place = prologue.saved.get(name);
    const value =
      place === undefined ? cursor.registers().get(name) : attempt(() => kernel.memory.word(cfa - BigInt(place)));
    if (typeof value === "bigint") registers.set(name, value);
  }
  return registers;
}

/** Whether the instruction before an address is a direct or indirect call. */
function followsCall(kernel: Kernel, address: bigint): boolean {
  if (!kernel.code.isText(address)) return false;
  const before = attempt(() => kernel.memory.read(address - 7n, 7));
  if (before instanceof Fault) return false;
  if (before[2] === 0xe8) return true;
  // ff /2 has 2, 3, 4, 6 or 7 bytes.
  return [0, 1, 3, 4, 5].some((at) => before[at] === 0xff && ((before[at + 1] ?? 0) & 0x38) === 0x10);
}

/**
 * Returns the CFA for the nearest return address of a direct call of `entry`; undefined if there is none in the
 * searched bytes.
 */
function nearestCall(kernel: Kernel, sp: bigint, entry: bigint): bigint | undefined {
  for (let at = 0; at < SEARCHED_BYTES; at += 8) {
    const slot = sp + BigInt(at);
    const address = kernel.memory.word(slot);
    if (!kernel.code.isText(address)) continue;
    const call = attempt(() => kernel.memory.read(address - 5n, 5));
    if (call instanceof Fault || call[0] !== 0xe8) continue;
    if (address + BigInt(viewOf(call).getInt32(1, true)) === entry) return slot + 8n;
  }
  return undefined;
}
