/** Effects of riscv64 instructions on registers and memory (RISC-V ISA manual, volume I). */
import { type Effect, type MemoryOperand, type Relation, wrap64 } from "../effect.ts";
import { completeEffect, constant, type PartialEffect, signed } from "../fixedEncoding.ts";
import { computed, computed32, immediate, immediate32 } from "./arithmetic.ts";
import { expanded, OPCODE } from "./compressed.ts";
import { register, RETURN, x, ZERO } from "./encoding.ts";

/**
 * Decodes instructions of the base integer set and of the extensions M, A, C, Zba and Zbb; of others it knows the
 * register that they write. Decoding ends at an instruction that is longer than 32 bits, or that is all zeros.
 */
export function riscv64Effects(bytes: Uint8Array, address: bigint): Effect[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all: Effect[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const half = view.getUint16(at, true);
    const isShort = (half & 3) !== 3;
    if (half === 0 || (half & 0x1f) === 0x1f || (!isShort && at + 4 > bytes.length)) break;
    const pc = wrap64(address + BigInt(at));
    const word = isShort ? expanded(half) : view.getUint32(at, true);
    const length = isShort ? 2 : 4;
    const partial = word === undefined ? unknownShort(half) : decoded(word, pc, all.at(-1));
    // The machine has no flags: a branch compares by itself.
    all.push(completeEffect({ ...partial, setsFlags: false }, pc, length, ZERO));
    at += length;
  }
  return all;
}

/** Compressed instructions of other extensions write, if anything, the register of their last operand or of their first. */
const unknownShort = (half: number): PartialEffect => ({
  writes: [
    [x(8 + ((half >>> 2) & 7)), undefined],
    [x(8 + ((half >>> 7) & 7)), undefined],
  ],
});

/** @param before the previous instruction, which may have loaded half of an address */
function decoded(word: number, pc: bigint, before: Effect | undefined): PartialEffect {
  const rd = x((word >>> 7) & 0x1f);
  const unknown: PartialEffect = { writes: [[rd, undefined]] };
  switch (word & 0x7f) {
    case OPCODE.load:
      return load(word, rd);
    case OPCODE.loadFloat:
      return float(word, false);
    case OPCODE.fence:
      return {};
    case OPCODE.immediate:
      return { writes: [[rd, immediate(word)]] };
    case OPCODE.auipc:
      return { writes: [[rd, constant(wrap64(pc + upper(word)))]] };
    case OPCODE.immediate32:
      return { writes: [[rd, immediate32(word)]] };
    case OPCODE.store:
      return store(word);
    case OPCODE.storeFloat:
      return float(word, true);
    case OPCODE.atomic:
      return atomic(word, rd);
    case OPCODE.register:
      return { writes: [[rd, computed(word)]] };
    case OPCODE.lui:
      return { writes: [[rd, constant(wrap64(upper(word)))]] };
    case OPCODE.register32:
      return { writes: [[rd, computed32(word)]] };
    case OPCODE.branch:
      return branch(word, pc);
    case OPCODE.jalr:
      return indirect(word, rd, before);
    case OPCODE.jal: {
      const offset =
        ((word >>> 31) << 20) | (word & 0xff000) | (((word >>> 20) & 1) << 11) | (((word >>> 21) & 0x3ff) << 1);
      return linked(rd, wrap64(pc + signed(offset, 21)));
    }
    case OPCODE.system:
      return system(word, rd);
    default:
      return unknown;
  }
}

/** Returns the upper immediate of LUI and AUIPC. */
const upper = (word: number): bigint => signed(word & 0xfffff000, 32);

const place = (word: number, displacement: bigint): MemoryOperand => {
  const base = x((word >>> 15) & 0x1f);
  return { base: base === ZERO ? undefined : base, index: undefined, scale: 1, displacement };
};

const loadOffset = (word: number): bigint => signed(word >>> 20, 12);
const storeOffset = (word: number): bigint => signed(((word >>> 25) << 5) | ((word >>> 7) & 0x1f), 12);

/** Decodes LB, LH, LW, LD, LBU, LHU and LWU. */
function load(word: number, rd: string): PartialEffect {
  const funct = (word >>> 12) & 7;
  if (funct === 7) return { writes: [[rd, undefined]] };
  const [where, size] = [place(word, loadOffset(word)), 1 << (funct & 3)];
  return {
    access: { place: where, size, reads: true, writes: false },
    writes: [[rd, { kind: "load", place: where, size, signed: funct < 3 }]],
  };
}

function store(word: number): PartialEffect {
  const size = 1 << ((word >>> 12) & 3);
  return {
    access: { place: place(word, storeOffset(word)), size, reads: false, writes: true },
    stores: register(x((word >>> 20) & 0x1f), size * 8),
  };
}

/** Decodes loads and stores of floating-point registers. Those of vectors have the same opcode, and are not followed. */
function float(word: number, isStore: boolean): PartialEffect {
  const funct = (word >>> 12) & 7;
  if (funct < 1 || funct > 4) return {};
  const where = place(word, isStore ? storeOffset(word) : loadOffset(word));
  return { access: { place: where, size: 1 << funct, reads: !isStore, writes: isStore } };
}

/** Decodes LR, SC and the atomic memory operations, which return the old value. */
function atomic(word: number, rd: string): PartialEffect {
  const [where, size, which] = [place(word, 0n), 1 << ((word >>> 12) & 7), word >>> 27];
  const isReserved = which === 0b00010;
  const isConditional = which === 0b00011;
  return {
    access: { place: where, size, reads: !isConditional, writes: !isReserved },
    writes: [[rd, isConditional ? undefined : { kind: "load", place: where, size, signed: size < 8 }]],
  };
}

const RELATIONS: readonly (Relation | undefined)[] = ["==", "!=", undefined, undefined, "<", ">=", "<", ">="];
const MIRRORED: Readonly<Partial<Record<Relation, Relation>>> = { "<": ">", ">=": "<=" };

/** Decodes branches, which compare two registers themselves. */
function branch(word: number, pc: bigint): PartialEffect {
  const by =
    ((word >>> 31) << 12) | (((word >>> 7) & 1) << 11) | (((word >>> 25) & 0x3f) << 5) | (((word >>> 8) & 0xf) << 1);
  const kind = (word >>> 12) & 7;
  const relation = RELATIONS[kind];
  const [left, right] = [x((word >>> 15) & 0x1f), x((word >>> 20) & 0x1f)];
  const target = wrap64(pc + signed(by, 13));
  // BLEZ and BGTZ have the zero register on the left.
  const isTurned = left === ZERO && right !== ZERO;
  const [first, second] = isTurned ? [right, left] : [left, right];
  return {
    flow: "branch",
    target,
    compares: { left: register(first), right: register(second), by: "difference" },
    relation: isTurned && relation ? (MIRRORED[relation] ?? relation) : relation,
    // BLT and BGE are 4 and 5, BLTU and BGEU are 6 and 7.
    isSigned: kind < 4 ? undefined : kind < 6,
  };
}

/** t0, the link register of calls that ftrace puts at the start of a function. They preserve all other registers. */
const ALTERNATE = "t0";

/** Decodes a jump or call by the register that gets the return address. */
function linked(rd: string, target: bigint | undefined, through?: string): PartialEffect {
  if (rd === ZERO) return { flow: "jump", target, through };
  if (rd === ALTERNATE) return { writes: [[rd, undefined]] };
  return { flow: "call", target, through, writes: [[rd, undefined]] };
}

/** Decodes JALR. A far target is an AUIPC of the same register before it. */
function indirect(word: number, rd: string, before: Effect | undefined): PartialEffect {
  const rs1 = x((word >>> 15) & 0x1f);
  if (rd === ZERO && (rs1 === RETURN || rs1 === ALTERNATE)) return { flow: "return" };
  const offset = loadOffset(word);
  const high = before?.flow === "next" ? before.writes.get(rs1) : undefined;
  if (high?.kind === "constant") return linked(rd, wrap64(high.value + offset));
  return linked(rd, undefined, offset === 0n && rs1 !== ZERO ? rs1 : undefined);
}

/** Numbers of SRET and MRET in the upper bits. */
const RETURNS: ReadonlySet<number> = new Set([0x102, 0x302]);

/** Decodes accesses of control registers and returns from exceptions. ECALL and EBREAK write no register. */
function system(word: number, rd: string): PartialEffect {
  if (((word >>> 12) & 7) !== 0) return { writes: [[rd, undefined]] };
  return RETURNS.has(word >>> 20) ? { flow: "return" } : {};
}
