import { viewOf } from "../base/bytes.ts";
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { type Cursor, lookupAddress, type Step, wrap } from "./cursor.ts";

/** Bytes of a function that can belong to its prologue, and of a stack that are searched for a call. */
const PROLOGUE_BYTES = 96;
const SEARCHED_BYTES = 2048;

/**
 * Unwinds x86_64 code that objtool was told to leave alone (kexec, where every kdump begins): by what the function's
 * first instructions do to rsp, else by the nearest return address behind a call of this very function.
 */
export function prologueRule(kernel: Kernel, cursor: Cursor): Step | undefined {
  const entry = kernel.code.isText(cursor.pc) ? kernel.symbols.at(lookupAddress(cursor))?.address : undefined;
  if (entry === undefined) return undefined;
  const pushed = pushes(kernel, entry, Number(cursor.pc - entry));
  if (pushed) {
    const cfa = wrap(kernel, cursor.sp + BigInt(pushed.bytes + 8));
    if (followsCall(kernel, kernel.memory.word(cfa - 8n))) return callerAt(kernel, cursor, cfa, pushed.bp);
  }
  const cfa = nearestCall(kernel, cursor.sp, entry);
  return cfa === undefined ? undefined : callerAt(kernel, cursor, cfa, pushed?.bp);
}

function callerAt(kernel: Kernel, cursor: Cursor, cfa: bigint, bpAt: number | undefined): Step {
  const pc = kernel.memory.word(cfa - 8n);
  const known = new Map([["rip", pc], ["rsp", cfa]]); // prettier-ignore
  const bp = bpAt === undefined ? cursor.known.get("rbp") : kernel.memory.word(cfa - BigInt(bpAt));
  if (bp !== undefined) known.set("rbp", bp);
  return {
    kind: "caller",
    cursor: { pc, sp: cfa, known, registers: () => known, exact: false },
    cfa,
    doubt: "prologue",
  };
}

interface Pushed {
  /** Bytes between sp and the return address. */
  readonly bytes: number;
  /** Where the caller's rbp was pushed, in bytes below the canonical frame address. */
  readonly bp: number | undefined;
}

/** Follows the instructions that prologues are made of, up to the first that is none; undefined when rsp is realigned. */
function pushes(kernel: Kernel, entry: bigint, limit: number): Pushed | undefined {
  const code = attempt(() => kernel.memory.read(entry, PROLOGUE_BYTES));
  if (code instanceof Fault) return undefined;
  const view = viewOf(code);
  let bytes = 0;
  let bp: number | undefined;
  for (let at = 0; at < Math.min(limit, PROLOGUE_BYTES - 8);) {
    const length = prologueLength(code, at);
    if (length === 0) break;
    const rex = ((code[at] ?? 0) & 0xf0) === 0x40 ? 1 : 0;
    const opcode = code[at + rex] ?? 0;
    if ((opcode & 0xf8) === 0x50) {
      bytes += 8;
      if (code[at] === 0x55) bp = bytes + 8;
    } else if (opcode === 0x83 && code[at + 2] === 0xec) bytes += view.getInt8(at + 3);
    else if (opcode === 0x81 && code[at + 2] === 0xec) bytes += view.getInt32(at + 3, true);
    at += length;
  }
  return bytes >= 0 ? { bytes, bp } : undefined;
}

/** Bytes of the instruction, when it is one that compilers put before or among the pushes; else 0. */
function prologueLength(code: Uint8Array, at: number): number {
  const first = code[at] ?? 0;
  const rex = (first & 0xf0) === 0x40 ? 1 : 0;
  const opcode = code[at + rex] ?? 0;
  const modrm = code[at + rex + 1] ?? 0;
  const setsRsp = opcode === 0x89 && (modrm & 7) === 4 && (first & 1) === 0;
  if (opcode === 0xe8 && at < 8) return 5; // call __fentry__
  if (opcode === 0x0f && modrm === 0x1f && code[at + 2] === 0x44) return 5; // the nop in its place
  if (opcode === 0xf3 && modrm === 0x0f && code[at + 2] === 0x1e && code[at + 3] === 0xfa) return 4; // endbr64
  if ((opcode & 0xf8) === 0x50) return rex + 1; // push
  if ((opcode & 0xf8) === 0xb8) return rex && first & 8 ? 10 : rex + 5; // mov imm, register
  if ((opcode === 0x89 || opcode === 0x31) && modrm >= 0xc0 && !setsRsp) return rex + 2; // mov or xor of registers
  if (opcode === 0x83 && first === 0x48 && modrm === 0xec) return 4; // sub imm8, rsp
  if (opcode === 0x81 && first === 0x48 && modrm === 0xec) return 7; // sub imm32, rsp
  return 0;
}

/** Whether the instruction before an address is a call, direct or indirect. */
function followsCall(kernel: Kernel, address: bigint): boolean {
  if (!kernel.code.isText(address)) return false;
  const before = attempt(() => kernel.memory.read(address - 7n, 7));
  if (before instanceof Fault) return false;
  if (before[2] === 0xe8) return true;
  // ff /2 in its lengths of 2 to 7 bytes
  return [0, 1, 3, 4, 5].some((at) => before[at] === 0xff && ((before[at + 1] ?? 0) & 0x38) === 0x10);
}

/** The frame address above the nearest return address that a direct call of `entry` left. */
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
