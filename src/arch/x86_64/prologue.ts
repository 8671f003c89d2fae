/** Prologues of x86_64 functions. */
import { viewOf } from "../../base/bytes.ts";
import type { PushPrologue } from "../functionFrame.ts";

/** Registers by their number in `push`. Those above 7 need a REX prefix. */
const pushed = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"]; // prettier-ignore

/**
 * Returns the effect of a prologue on the stack, up to the first instruction that is not part of a prologue, or to
 * `limit` bytes. @param code the first bytes of the function @returns undefined if the instructions free more stack
 * than they allocate
 */
export function pushPrologue(code: Uint8Array, limit: number): PushPrologue | undefined {
  const view = viewOf(code);
  const saved = new Map<string, number>();
  let bytes = 0;
  let length = 0;
  for (let at = 0; at < Math.min(limit, code.length - 8); at += length) {
    length = prologueLength(code, at);
    if (length === 0) break;
    const rex = hasRex(code, at) ? 1 : 0;
    const opcode = code[at + rex] ?? 0;
    if ((opcode & 0xf8) === 0x50) {
      bytes += 8;
      saved.set(pushed[(opcode & 7) | (rex && (code[at] ?? 0) & 1 ? 8 : 0)] ?? "", bytes + 8);
    } else if (opcode === 0x83) bytes += view.getInt8(at + 3);
    else if (opcode === 0x81) bytes += view.getInt32(at + 3, true);
  }
  return bytes >= 0 ? { bytes, saved } : undefined;
}

const hasRex = (code: Uint8Array, at: number): boolean => ((code[at] ?? 0) & 0xf0) === 0x40;

/** Returns the length of the instruction if compilers place it before or among the pushes; otherwise 0. */
function prologueLength(code: Uint8Array, at: number): number {
  const first = code[at] ?? 0;
  const rex = hasRex(code, at) ? 1 : 0;
  const opcode = code[at + rex] ?? 0;
  const modrm = code[at + rex + 1] ?? 0;
  const setsRsp = opcode === 0x89 && (modrm & 7) === 4 && (first & 1) === 0;
  if (opcode === 0xe8 && at < 8) return 5; // call __fentry__
  if (opcode === 0x0f && modrm === 0x1f && code[at + 2] === 0x44) return 5; // the no-operation that replaces it
  if (opcode === 0xf3 && modrm === 0x0f && code[at + 2] === 0x1e && code[at + 3] === 0xfa) return 4; // endbr64
  if ((opcode & 0xf8) === 0x50) return rex + 1; // push
  if ((opcode & 0xf8) === 0xb8) return rex && first & 8 ? 10 : rex + 5; // mov imm, register
  if ((opcode === 0x89 || opcode === 0x31) && modrm >= 0xc0 && !setsRsp) return rex + 2; // mov or xor of registers
  if (opcode === 0x83 && first === 0x48 && modrm === 0xec) return 4; // sub imm8, rsp
  if (opcode === 0x81 && first === 0x48 && modrm === 0xec) return 7; // sub imm32, rsp
  return 0;
}
