/** Expands compressed RISC-V instructions to the 32-bit instructions that they stand for. */

/** Major opcodes: bits 6 to 0 of a 32-bit instruction (RISC-V ISA manual, volume I, "RV32/64G Instruction Set Listings"). */
export const OPCODE = {
  load: 0x03,
  loadFloat: 0x07,
  fence: 0x0f,
  immediate: 0x13,
  auipc: 0x17,
  immediate32: 0x1b,
  store: 0x23,
  storeFloat: 0x27,
  atomic: 0x2f,
  register: 0x33,
  lui: 0x37,
  register32: 0x3b,
  branch: 0x63,
  jalr: 0x67,
  jal: 0x6f,
  system: 0x73,
} as const;

const SP = 2;

const immediate = (opcode: number, funct: number, rd: number, rs1: number, value: number): number =>
  (((value & 0xfff) << 20) | (rs1 << 15) | (funct << 12) | (rd << 7) | opcode) >>> 0;
const register = (
  opcode: number,
  [funct3, funct7]: readonly [funct3: number, funct7: number],
  rd: number,
  rs1: number,
  rs2: number,
): number => ((funct7 << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode) >>> 0;
const store = (opcode: number, funct: number, rs1: number, rs2: number, offset: number): number =>
  register(opcode, [funct, offset >>> 5], offset & 0x1f, rs1, rs2);

/** Moves fields of bits: [lowest bit in the source, number of bits, lowest bit in the result]. */
const gather = (source: number, ...fields: readonly (readonly [from: number, count: number, to: number])[]): number =>
  fields.reduce((sum, [from, count, to]) => sum | (((source >>> from) & ((1 << count) - 1)) << to), 0);

/** Interprets a field as a signed number of `width` bits. */
const signed = (value: number, width: number): number => (value << (32 - width)) >> (32 - width);

/**
 * Returns the 32-bit instruction that a compressed one stands for (RISC-V ISA manual, "C" extension for RV64);
 * undefined if it is not one of that extension or of Zcmop.
 */
export function expanded(half: number): number | undefined {
  const funct = half >>> 13;
  switch (half & 3) {
    case 0:
      return quadrant0(half, funct);
    case 1:
      return quadrant1(half, funct);
    case 2:
      return quadrant2(half, funct);
    default:
      return undefined;
  }
}

/** Loads and stores with one of the registers x8 to x15 as base, and C.ADDI4SPN. */
function quadrant0(half: number, funct: number): number | undefined {
  const [rd, rs1] = [8 + ((half >>> 2) & 7), 8 + ((half >>> 7) & 7)];
  const word = gather(half, [10, 3, 3], [6, 1, 2], [5, 1, 6]);
  const double = gather(half, [10, 3, 3], [5, 2, 6]);
  switch (funct) {
    case 0: {
      // C.ADDI4SPN
      const offset = gather(half, [11, 2, 4], [7, 4, 6], [6, 1, 2], [5, 1, 3]);
      return offset === 0 ? undefined : immediate(OPCODE.immediate, 0, rd, SP, offset);
    }
    case 1: // C.FLD
      return immediate(OPCODE.loadFloat, 3, rd, rs1, double);
    case 2: // C.LW
      return immediate(OPCODE.load, 2, rd, rs1, word);
    case 3: // C.LD
      return immediate(OPCODE.load, 3, rd, rs1, double);
    case 5: // C.FSD
      return store(OPCODE.storeFloat, 3, rs1, rd, double);
    case 6: // C.SW
      return store(OPCODE.store, 2, rs1, rd, word);
    case 7: // C.SD
      return store(OPCODE.store, 3, rs1, rd, double);
    default:
      return undefined;
  }
}

/** Arithmetic with constants and of two of the registers x8 to x15, jumps and branches. */
function quadrant1(half: number, funct: number): number | undefined {
  const rd = (half >>> 7) & 0x1f;
  const value = signed(gather(half, [12, 1, 5], [2, 5, 0]), 6);
  const short = 8 + (rd & 7);
  switch (funct) {
    case 0: // C.ADDI
      return immediate(OPCODE.immediate, 0, rd, rd, value);
    case 1: // C.ADDIW
      return rd === 0 ? undefined : immediate(OPCODE.immediate32, 0, rd, rd, value);
    case 2: // C.LI
      return immediate(OPCODE.immediate, 0, rd, 0, value);
    case 3: {
      // C.LUI and C.ADDI16SP. With a value of 0 and an odd register up to 15 it is C.MOP of the extension Zcmop, which
      // has no effect unless another extension defines one; other registers are reserved.
      if (value === 0) return rd % 2 === 1 && rd < 16 ? immediate(OPCODE.immediate, 0, 0, 0, 0) : undefined;
      if (rd !== SP) return (((value & 0xfffff) << 12) | (rd << 7) | OPCODE.lui) >>> 0;
      const by = signed(gather(half, [12, 1, 9], [6, 1, 4], [5, 1, 6], [3, 2, 7], [2, 1, 5]), 10);
      return immediate(OPCODE.immediate, 0, SP, SP, by);
    }
    case 4:
      return arithmetic(half, short, value);
    case 5: {
      // C.J
      const by = gather(
        half,
        [12, 1, 11],
        [11, 1, 4],
        [9, 2, 8],
        [8, 1, 10],
        [7, 1, 6],
        [6, 1, 7],
        [3, 3, 1],
        [2, 1, 5],
      );
      return jump(signed(by, 12));
    }
    default: {
      // C.BEQZ and C.BNEZ
      const by = gather(half, [12, 1, 8], [10, 2, 3], [5, 2, 6], [3, 2, 1], [2, 1, 5]);
      return branch(funct === 6 ? 0 : 1, short, signed(by, 9));
    }
  }
}

/** Shifts, logic, sums and differences of the registers x8 to x15: C.SRLI, C.SRAI, C.ANDI, C.SUB to C.ADDW. */
function arithmetic(half: number, rd: number, value: number): number | undefined {
  switch ((half >>> 10) & 3) {
    case 0:
      return immediate(OPCODE.immediate, 5, rd, rd, value & 0x3f);
    case 1:
      return immediate(OPCODE.immediate, 5, rd, rd, 0x400 | (value & 0x3f));
    case 2:
      return immediate(OPCODE.immediate, 7, rd, rd, value);
    default: {
      const rs2 = 8 + ((half >>> 2) & 7);
      const which = ((half >>> 10) & 4) | ((half >>> 5) & 3);
      if (which === 0) return register(OPCODE.register, [0, 0x20], rd, rd, rs2);
      if (which < 4) return register(OPCODE.register, [[4, 6, 7][which - 1] ?? 0, 0], rd, rd, rs2);
      if (which > 5) return undefined;
      return register(OPCODE.register32, [0, which === 4 ? 0x20 : 0], rd, rd, rs2);
    }
  }
}

const jump = (by: number): number => {
  const at = gather(by, [20, 1, 31], [1, 10, 21], [11, 1, 20], [12, 8, 12]);
  return (at | OPCODE.jal) >>> 0;
};

const branch = (funct: number, rs1: number, by: number): number => {
  const at = gather(by, [12, 1, 31], [5, 6, 25], [1, 4, 8], [11, 1, 7]);
  return (at | (rs1 << 15) | (funct << 12) | OPCODE.branch) >>> 0;
};

/** Loads and stores relative to the stack pointer, C.SLLI, C.MV, C.ADD, C.EBREAK, and jumps to registers. */
function quadrant2(half: number, funct: number): number | undefined {
  const [rd, rs2] = [(half >>> 7) & 0x1f, (half >>> 2) & 0x1f];
  const word = gather(half, [12, 1, 5], [4, 3, 2], [2, 2, 6]);
  const double = gather(half, [12, 1, 5], [5, 2, 3], [2, 3, 6]);
  switch (funct) {
    case 0:
      return immediate(OPCODE.immediate, 1, rd, rd, gather(half, [12, 1, 5], [2, 5, 0]));
    case 1:
      return immediate(OPCODE.loadFloat, 3, rd, SP, double);
    case 2:
      return rd === 0 ? undefined : immediate(OPCODE.load, 2, rd, SP, word);
    case 3:
      return rd === 0 ? undefined : immediate(OPCODE.load, 3, rd, SP, double);
    case 4: {
      const isSecond = (half & 0x1000) !== 0;
      if (rs2 !== 0) return register(OPCODE.register, [0, 0], rd, isSecond ? rd : 0, rs2);
      if (rd === 0) return isSecond ? immediate(OPCODE.system, 0, 0, 0, 1) : undefined;
      return immediate(OPCODE.jalr, 0, isSecond ? 1 : 0, rd, 0);
    }
    case 5:
      return store(OPCODE.storeFloat, 3, SP, rs2, gather(half, [10, 3, 3], [7, 3, 6]));
    case 6:
      return store(OPCODE.store, 2, SP, rs2, gather(half, [9, 4, 2], [7, 2, 6]));
    default:
      return store(OPCODE.store, 3, SP, rs2, gather(half, [10, 3, 3], [7, 3, 6]));
  }
}
