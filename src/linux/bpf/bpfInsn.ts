/**
 * Disassembly of BPF instructions (include/uapi/linux/bpf.h, Documentation/bpf/standardization/instruction-set.rst),
 * with the syntax of the kernel's verifier and of crash.
 */
import { viewOf, type ByteOrder } from "../../base/bytes.ts";
import { hex0x, padHex } from "../../base/hex.ts";

/** One instruction, `struct bpf_insn`, or two if it has 16 bytes. */
export interface BpfInstruction {
  /** Position in the program, in units of eight bytes. */
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Names that only the kernel has for numbers in instructions. */
export interface BpfNames {
  /** Returns the name of the function for a call's number; undefined without one. */
  helper(number: number): string | undefined;
  /** Returns the id of the map at an address; undefined if there is none. */
  map(address: bigint): number | undefined;
}

interface Fields {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
  /** The 64-bit number of a 16-byte instruction. */
  readonly wide: bigint;
}

/** BPF_LD | BPF_IMM | BPF_DW: the only instruction of 16 bytes. */
const LD_IMM_DW = 0x18;

/** Yields a program's instructions; fewer than eight bytes at the end are left out. */
export function* bpfInstructionTexts(code: Uint8Array, order: ByteOrder, names: BpfNames): Generator<BpfInstruction> {
  const view = viewOf(code);
  const little = order === "little";
  for (let at = 0; at + 8 <= code.length;) {
    const opcode = view.getUint8(at);
    const size = opcode === LD_IMM_DW && at + 16 <= code.length ? 16 : 8;
    const registers = view.getUint8(at + 1);
    const low = view.getUint32(at + 4, little);
    const high = size === 16 ? view.getUint32(at + 12, little) : 0;
    const fields: Fields = {
      code: opcode,
      // Bit-fields: their order depends on the byte order.
      dst: little ? registers & 0xf : registers >> 4,
      src: little ? registers >> 4 : registers & 0xf,
      off: view.getInt16(at + 2, little),
      imm: low | 0,
      wide: (BigInt(high) << 32n) | BigInt(low),
    };
    yield {
      index: at / 8,
      bytes: code.subarray(at, at + size),
      text: `(${padHex(opcode, 2)}) ${textOf(fields, names)}`,
    };
    at += size;
  }
}

/** Classes, in the low three bits of the code. */
const [LD, LDX, ST, STX, JMP, JMP32, ALU64] = [0, 1, 2, 3, 5, 6, 7];

function textOf(fields: Fields, names: BpfNames): string {
  switch (fields.code & 7) {
    case LD:
      return load(fields, names);
    case LDX:
      return `r${fields.dst} = ${memory(fields, fields.src)}`;
    case ST:
      return (fields.code & MODE) === ATOMIC ? "nospec" : `${memory(fields, fields.dst)} = ${fields.imm}`;
    case STX:
      return (fields.code & MODE) === ATOMIC ? atomic(fields) : `${memory(fields, fields.dst)} = r${fields.src}`;
    case JMP:
    case JMP32:
      return jump(fields, names);
    default:
      return arithmetic(fields);
  }
}

/** Sizes of loads and stores, in bits 3-4. */
const SIZES = ["u32", "u16", "u8", "u64"] as const;
const SIGNED = ["s32", "s16", "s8", "s64"] as const;

/** Modes of loads and stores, in bits 5-7. */
const MODE = 0xe0;
const [IMM, ABS, IND, MEMSX, ATOMIC] = [0x00, 0x20, 0x40, 0x80, 0xc0];

const signed = (number: number): string => (number < 0 ? String(number) : `+${number}`);

function memory({ code, off }: Fields, register: number): string {
  const names = (code & MODE) === MEMSX ? SIGNED : SIZES;
  return `*(${names[(code >> 3) & 3]} *)(r${register} ${signed(off)})`;
}

function load({ code, dst, src, imm, wide }: Fields, names: BpfNames): string {
  const size = SIZES[(code >> 3) & 3];
  switch (code & MODE) {
    case ABS:
      return `r0 = *(${size} *)skb[${imm}]`;
    case IND:
      return `r0 = *(${size} *)skb[r${src} + ${imm}]`;
    case IMM: {
      const map = names.map(wide);
      return `r${dst} = ${map === undefined ? hex0x(wide) : `map[id:${map}]`}`;
    }
    default:
      return `unknown load, code ${hex0x(code)}`;
  }
}

/** If this bit is set, the source is a register, else a number. */
const X = 0x08;

/** Operations by bits 4-7. */
const ALU_OPERATORS = ["+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "end"];

function arithmetic({ code, dst, src, off, imm }: Fields): string {
  const isWide = (code & 7) === ALU64;
  const cast = isWide ? "" : "(u32) ";
  const operator = ALU_OPERATORS[code >> 4];
  const source = code & X ? `r${src}` : String(imm);
  if (operator === undefined) return `unknown arithmetic, code ${hex0x(code)}`;
  if (operator === "neg") return `r${dst} = ${cast}-r${dst}`;
  if (operator === "end") {
    const swap = isWide ? "bswap" : code & X ? "be" : "le";
    return `r${dst} = ${swap}${imm} r${dst}`;
  }
  // The offset selects sign extension and signed division.
  if (operator === "=" && code & X && (off === 8 || off === 16 || off === 32))
    return `${cast}r${dst} = (s${off}) r${src}`;
  const sign = off === 1 && (operator === "/=" || operator === "%=") ? "s" : "";
  return `${cast}r${dst} ${sign}${operator} ${cast}${source}`;
}

const JUMPS = ["", "==", ">", ">=", "&", "!=", "s>", "s>=", "call", "exit", "<", "<=", "s<", "s<="];
const [JA, CALL, EXIT, JCOND] = [0x00, 0x80, 0x90, 0xe0];

/** Values of a call's source register that say what its number means. */
const [PSEUDO_CALL, PSEUDO_KFUNC_CALL] = [1, 2];

function jump({ code, dst, src, off, imm }: Fields, names: BpfNames): string {
  const isWide = (code & 7) === JMP;
  const operation = code & 0xf0;
  if (operation === JA) return isWide ? `goto pc${signed(off)}` : `gotol pc${signed(imm)}`;
  if (operation === JCOND) return `may_goto pc${signed(off)}`;
  if (operation === EXIT) return "exit";
  if (operation === CALL) {
    if (src === PSEUDO_CALL) return `call pc${signed(imm)}`;
    return `call ${names.helper(imm) ?? (src === PSEUDO_KFUNC_CALL ? "kernel-function" : "unknown")}#${imm}`;
  }
  const operator = JUMPS[operation >> 4];
  // The kernel's mark for a tail call that it has translated.
  if (operator === undefined) return operation === 0xf0 ? "tail_call" : `unknown jump, code ${hex0x(code)}`;
  const register = isWide ? "r" : "w";
  const right = code & X ? `${register}${src}` : hex0x(imm >>> 0);
  return `if ${register}${dst} ${operator} ${right} goto pc${signed(off)}`;
}

/** Atomic operations by the immediate; with FETCH they return the old value. */
const FETCH = 0x01;
const XCHG = 0xe1;
const CMPXCHG = 0xf1;
const ATOMICS: Readonly<Record<number, readonly [operator: string, name: string]>> = {
  0x00: ["+=", "add"],
  0x40: ["|=", "or"],
  0x50: ["&=", "and"],
  0xa0: ["^=", "xor"],
};

function atomic(fields: Fields): string {
  const { code, dst, src, off, imm } = fields;
  const place = `(${SIZES[(code >> 3) & 3]} *)(r${dst} ${signed(off)})`;
  const name = (code >> 3) & 3 ? "atomic64" : "atomic";
  if (imm === CMPXCHG) return `r0 = ${name}_cmpxchg(${place}, r0, r${src})`;
  if (imm === XCHG) return `r${src} = ${name}_xchg(${place}, r${src})`;
  const operation = ATOMICS[imm & ~FETCH];
  if (!operation) return `unknown atomic operation, code ${hex0x(code)}, ${hex0x(imm >>> 0)}`;
  return imm & FETCH
    ? `r${src} = ${name}_fetch_${operation[1]}(${place}, r${src})`
    : `lock *${place} ${operation[0]} r${src}`;
}
