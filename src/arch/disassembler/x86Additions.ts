/**
 * x86 instructions that iced-x86 1.21 does not know, and the lengths of instructions that neither iced-x86 nor this
 * file decodes.
 */
import { viewOf } from "../../base/bytes.ts";
import { hex0x } from "../../base/hex.ts";

const LEGACY_PREFIXES = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]);
const REGISTERS = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"];

/**
 * Returns the position of the opcode, of its escape, or of a VEX, EVEX or REX2 prefix: after the legacy prefixes and
 * REX.
 */
export function opcodeAt(bytes: Uint8Array): number {
  let at = 0;
  while (LEGACY_PREFIXES.has(bytes[at] ?? 0)) at++;
  return (bytes[at] ?? 0) >> 4 === 4 ? at + 1 : at;
}

/** An instruction with operands in AT&T order. */
export interface X86Addition {
  readonly length: number;
  readonly mnemonic: string;
  readonly operands: readonly string[];
}

/**
 * Decodes the instruction at the start of the bytes if iced-x86 cannot: AMD APM volume 3 (RMPREAD), Intel SDM (UDB) and
 * its ISA extensions reference (USER_MSR, MSR_IMM).
 */
export function x86Addition(bytes: Uint8Array): X86Addition | undefined {
  const at = opcodeAt(bytes);
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at);
  const before = bytes.subarray(0, at);
  if (a === 0xd6) return { length: at + 1, mnemonic: "udb", operands: [] };
  if (a === 0x0f && b === 0x01 && c === 0xfd && before.includes(0xf2))
    return { length: at + 3, mnemonic: "rmpread", operands: ["%rax", "(%rcx)"] };
  // f2 or f3 0f 38 f8 /r, between registers.
  if (a === 0x0f && b === 0x38 && c === 0xf8 && d >> 6 === 3 && bytes.length >= at + 4) {
    const rex = (bytes[at - 1] ?? 0) >> 4 === 4 ? (bytes[at - 1] ?? 0) : 0;
    const [first, second] = [register((d >> 3) & 7, (rex >> 2) & 1), register(d & 7, rex & 1)];
    if (before.includes(0xf2)) return { length: at + 4, mnemonic: "urdmsr", operands: [first, second] };
    if (before.includes(0xf3)) return { length: at + 4, mnemonic: "uwrmsr", operands: [second, first] };
  }
  // VEX.128 of map 7, /0 id, from or to a register.
  if (a === 0xc4 && (b & 0x1f) === 7 && e >> 3 === 0x18 && bytes.length >= at + 9) {
    const msr = `$${hex0x(viewOf(bytes).getUint32(at + 5, true))}`;
    const value = register(e & 7, (~b >> 5) & 1);
    const mnemonic = IMMEDIATE_MSR.get((d << 8) | (c & 3));
    if (mnemonic !== undefined)
      return { length: at + 9, mnemonic, operands: (c & 3) === 3 ? [msr, value] : [value, msr] };
  }
  return undefined;
}

/** Mnemonics by the opcode and the prefix that VEX implies: 2 is f3, 3 is f2. */
const IMMEDIATE_MSR: ReadonlyMap<number, string> = new Map([
  [0xf603, "rdmsr"],
  [0xf602, "wrmsrns"],
  [0xf803, "urdmsr"],
  [0xf802, "uwrmsr"],
]);

const register = (number: number, high: number): string => (high ? `%r${number + 8}` : `%${REGISTERS[number] ?? ""}`);

/**
 * Returns the length of an encoding that iced-x86 does not know. VEX, EVEX and the maps 0f 38 and 0f 3a determine
 * ModRM, displacement and immediate (Intel SDM 2A, 2.1 to 2.7; Intel APX, 3.1). @returns 1 if nothing determines it
 */
export function encodedLength(bytes: Uint8Array): number {
  const at = opcodeAt(bytes);
  const [a = 0, b = 0, c = 0] = bytes.subarray(at);
  if (a === 0xc5) return mappedLength(bytes, at + 2, 1, 4);
  if (a === 0xc4) return mappedLength(bytes, at + 3, b & 0x1f, 4);
  if (a === 0x62) return mappedLength(bytes, at + 4, b & 7, (c & 3) === 1 ? 2 : 4);
  if (a === 0x0f && b === 0x38) return mappedLength(bytes, at + 2, 2, 4);
  if (a === 0x0f && b === 0x3a) return mappedLength(bytes, at + 2, 3, 4);
  return 1;
}

/**
 * Replaces a REX2 prefix by REX, for a decoder that does not know REX2; undefined without REX2. REX cannot encode
 * registers 16 to 31: their numbers lose the high bit. `shorter` is the number of bytes by which the result is shorter.
 */
export function withoutRex2(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly shorter: number } | undefined {
  const at = opcodeAt(bytes);
  const payload = bytes[at + 1];
  if (bytes[at] !== 0xd5 || payload === undefined) return undefined;
  // M0 is the map of 0f.
  const start = payload >> 7 ? [0x40 | (payload & 0xf), 0x0f] : [0x40 | (payload & 0xf)];
  return {
    bytes: Uint8Array.from([...bytes.subarray(0, at), ...start, ...bytes.subarray(at + 2)]),
    shorter: 2 - start.length,
  };
}

function mappedLength(bytes: Uint8Array, at: number, map: number, wide: number): number {
  const [opcode = 0, modrm = 0, sib = 0] = bytes.subarray(at);
  return at + 2 + displacementLength(modrm, sib) + immediateLength(map, opcode, (modrm >> 3) & 7, wide);
}

/** Returns the length of the scale-index-base byte and the displacement. */
function displacementLength(modrm: number, sib: number): number {
  const mod = modrm >> 6;
  if (mod === 3) return 0;
  const hasSib = (modrm & 7) === 4;
  const base = hasSib ? sib & 7 : modrm & 7;
  const displacement = mod === 1 ? 1 : mod === 2 || base === 5 ? 4 : 0;
  return (hasSib ? 1 : 0) + displacement;
}

const OF_0F = new Set([0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6]);
const BYTES_OF_APX = new Set([0x24, 0x2c, 0x6b, 0x80, 0x83, 0xa4, 0xac, 0xc0, 0xc1, 0xd4]);
const WIDE_OF_APX = new Set([0x69, 0x81]);

/**
 * Returns the length of the immediate in bytes. @param wide length of an immediate that has the size of the operand,
 * used in opcode map 4 only
 */
function immediateLength(map: number, opcode: number, extension: number, wide: number): number {
  if (map === 1) return OF_0F.has(opcode) ? 1 : 0;
  if (map === 3) return 1;
  if (map === 7) return 4;
  if (map !== 4) return 0;
  if (opcode === 0xf6 || opcode === 0xf7) return extension > 1 ? 0 : opcode === 0xf6 ? 1 : wide;
  return BYTES_OF_APX.has(opcode) ? 1 : WIDE_OF_APX.has(opcode) ? wide : 0;
}
