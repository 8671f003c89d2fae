/** Effects of ppc64le instructions on registers and memory (Power ISA 3.1). */
import { type Comparison, type Effect, type Relation, type Value, wrap64 } from "../effect.ts";
import { bits, completeEffect, type PartialEffect, register, signed } from "../fixedEncoding.ts";
import { immediateEffect, registerEffect } from "./arithmetic.ts";
import { conditionField, constant, first, recorded, second, target } from "./encoding.ts";
import { memoryAccess } from "./memoryAccess.ts";

/**
 * Decodes Power instructions. Instructions that are not known here are taken to write both registers that they name.
 * @param bytes code, from the start of a function or of a part of it
 */
export function ppc64leEffects(bytes: Uint8Array, address: bigint): Effect[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all: Effect[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const word = view.getUint32(at, true);
    const pc = wrap64(address + BigInt(at));
    const isPrefix = word >>> 26 === 1;
    if (isPrefix && at + 8 > bytes.length) break;
    const length = isPrefix ? 8 : 4;
    const partial = isPrefix
      ? prefixed(view.getUint32(at + 4, true))
      : (entry(word, all, address) ?? decoded(word, pc));
    all.push(completeEffect(partial, pc, length));
    at += length;
  }
  return all;
}

/** The second word of an instruction of Power10 with a prefix. Its value is not followed. */
const prefixed = (suffix: number): PartialEffect => ({ writes: [[target(suffix), undefined]] });

/**
 * Decodes the first two instructions of a function that uses its table of contents: r12 has the address of the function,
 * from which they compute r2 (64-Bit ELF V2 ABI, section 2.3.2.1). Returns undefined for other instructions.
 */
function entry(word: number, before: readonly Effect[], start: bigint): PartialEffect | undefined {
  const value = signed(bits(word, 15, 0), 16);
  if (before.length === 0 && isTocSetup(word)) return { writes: [["r2", constant(start + (value << 16n))]] };
  const high = before.length === 1 ? before[0]?.writes.get("r2") : undefined;
  if (high?.kind !== "constant" || word >>> 16 !== 0x3842) return undefined;
  return { writes: [["r2", constant(high.value + value)]] };
}

/** Whether a word is `addis r2,r12,…`. */
const isTocSetup = (word: number): boolean => word >>> 16 === 0x3c4c;

/** Bytes from the global entry point of a function with `isTocSetup` to its local one. */
const LOCAL_ENTRY_BYTES = 8;

/**
 * Returns the bytes from the start of a function to the entry point that calls of the same module use; 0 if they use the
 * start. @param code its first bytes
 */
export function localEntryBytes(code: Uint8Array): number {
  if (code.length < LOCAL_ENTRY_BYTES) return 0;
  return isTocSetup(new DataView(code.buffer, code.byteOffset, code.byteLength).getUint32(0, true))
    ? LOCAL_ENTRY_BYTES
    : 0;
}

function decoded(word: number, pc: bigint): PartialEffect {
  switch (bits(word, 31, 26)) {
    case 2:
    case 3:
      return trap(word, constant(signed(bits(word, 15, 0), 16)), bits(word, 31, 26) === 2 ? 64 : 32);
    case 4:
      // Vector instructions, and multiply-add of 64 bits.
      return bits(word, 5, 0) >= 48 && bits(word, 5, 0) <= 51 ? { writes: [[target(word), undefined]] } : {};
    case 10:
    case 11: {
      const isSigned = bits(word, 31, 26) === 11;
      return compare(word, constant(isSigned ? signed(bits(word, 15, 0), 16) : BigInt(bits(word, 15, 0))), isSigned);
    }
    case 16:
      return branch(word, wrap64((bits(word, 1, 1) === 1 ? 0n : pc) + signed(word & 0xfffc, 16)));
    case 17:
      return {};
    case 18: {
      const to = wrap64((bits(word, 1, 1) === 1 ? 0n : pc) + signed(word & 0x3fffffc, 26));
      return (word & 1) === 1
        ? { flow: "call", target: to, writes: [["link", undefined]] }
        : { flow: "jump", target: to };
    }
    case 19:
      return registerBranch(word, pc);
    case 31:
      return memoryAccess(word) ?? registerEffect(word) ?? extended(word);
    default:
      return memoryAccess(word) ?? immediateEffect(word) ?? others(word);
  }
}

/** Primary opcodes of instructions that write no general register: floating-point, vector, decimal, quadword accesses. */
const FLOATING: ReadonlySet<number> = new Set([5, 6, 57, 59, 60, 61, 63]);

const others = (word: number): PartialEffect =>
  FLOATING.has(bits(word, 31, 26))
    ? { setsFlags: true }
    : { writes: [[target(word), undefined], [first(word), undefined]], setsFlags: true }; // prettier-ignore

/** Relations by the bit of a condition field, if it is set and if it is not. */
const RELATIONS: readonly (readonly [Relation, Relation] | undefined)[] = [
  ["<", ">="],
  [">", "<="],
  ["==", "!="],
  undefined,
];

/** Whether a branch is taken by a condition, always, or by the count register (BO field). */
const conditionKind = (word: number): "always" | "condition" | "count" => {
  const options = bits(word, 25, 21);
  return (options & 0b10100) === 0b10100 ? "always" : (options & 0b00100) === 0 ? "count" : "condition";
};

/** Returns the condition of a branch: its relation and its field of the condition register. */
function condition(word: number): PartialEffect {
  if (conditionKind(word) === "count") return { writes: [["ctr", undefined]] };
  const bit = bits(word, 20, 16);
  const relation = RELATIONS[bit & 3]?.[bits(word, 24, 24) === 1 ? 0 : 1];
  return { relation, flags: conditionField(bit >>> 2) };
}

function branch(word: number, to: bigint): PartialEffect {
  // A call of the next instruction gets its address (BCL 20,31,$+4).
  if ((word & 1) === 1) return { writes: [["link", undefined]] };
  return conditionKind(word) === "always"
    ? { flow: "jump", target: to }
    : { flow: "branch", target: to, ...condition(word) };
}

/** Decodes branches to LR and CTR, returns from interrupts and logic of condition bits. */
function registerBranch(word: number, pc: bigint): PartialEffect {
  // ADDPCIS adds a constant to the address of the next instruction.
  if (bits(word, 5, 1) === 2) {
    const value = signed((bits(word, 15, 6) << 6) | (bits(word, 20, 16) << 1) | (word & 1), 16);
    return { writes: [[target(word), constant(pc + 4n + (value << 16n))]] };
  }
  const isAlways = conditionKind(word) === "always";
  const isCall = (word & 1) === 1;
  switch (bits(word, 10, 1)) {
    case 16:
      if (isCall) return { flow: "call", through: "link", writes: [["link", undefined]] };
      return isAlways ? { flow: "return" } : { flow: "branch", ...condition(word) };
    case 528:
      if (isCall) return { flow: "call", through: "ctr", writes: [["link", undefined]] };
      return isAlways ? { flow: "jump", through: "ctr" } : { flow: "branch", ...condition(word) };
    case 18: // RFID
    case 82: // RFSCV
    case 274: // HRFID
      return { flow: "return" };
    case 150: // ISYNC
      return {};
    default:
      return { setsFlags: true };
  }
}

/**
 * Returns the comparison of CMP, which compares signed numbers, and of CMPL, which does not, and of their forms with a
 * constant. Bit 21 is the width.
 */
function compare(word: number, right: Value, isSigned: boolean): PartialEffect {
  return {
    isSigned,
    compares: comparison(word, right, bits(word, 21, 21) === 1 ? 64 : 32),
    flags: conditionField(bits(word, 25, 23)),
  };
}

/** Returns the comparison of the low `width` bits of RA with a register's or a constant. */
const comparison = (word: number, right: Value, width: 32 | 64): Comparison => ({
  left: register(first(word), width),
  right: right.kind === "register" ? { ...right, bits: width } : right,
  by: "difference",
});

/** Relations for which TD and TW trap, by the TO field: of unsigned numbers below 8, of signed ones from 8 on. */
const TRAPS: Readonly<Record<number, Relation>> = {
  1: ">", 2: "<", 4: "==", 5: ">=", 6: "<=", 8: ">", 12: ">=", 16: "<", 20: "<=", 24: "!=",
}; // prettier-ignore

/** Decodes a trap on a condition, to which the compiler translates BUG_ON(). It writes no register. */
function trap(word: number, right: Value, width: 32 | 64): PartialEffect {
  const by = bits(word, 25, 21);
  const relation = TRAPS[by];
  if (relation === undefined) return {};
  const isSigned = relation === "==" || relation === "!=" ? undefined : by >= 8;
  return { compares: comparison(word, right, width), relation, isSigned, setsFlags: false };
}

/** Special-purpose registers that are followed, by number. */
const SPECIAL: Readonly<Record<number, string>> = { 8: "link", 9: "ctr" };

/** Instructions of primary opcode 31 that write no general register: caches, synchronization, MSR, TLB, vectors. */
const WITHOUT_RESULT: ReadonlySet<number> = new Set([
  6, 7, 22, 30, 38, 39, 54, 71, 86, 103, 135, 146, 167, 178, 199, 210, 231, 242, 246, 269, 274, 278, 301, 306, 333, 359, 364, 396, 397, 402, 434, 467, 487, 498, 524, 566, 588, 598, 716, 780, 844, 854, 876, 908, 940, 972, 982, 1004, 1014,
]); // prettier-ignore

/** Decodes comparisons, traps, moves of special registers, shifts by constants and other instructions of opcode 31. */
function extended(word: number): PartialEffect {
  const which = bits(word, 10, 1);
  const recording = recorded((word & 1) === 1);
  switch (which) {
    case 0:
    case 32:
      return compare(word, register(second(word)), which === 0);
    case 4:
    case 68:
      return trap(word, register(second(word)), which === 68 ? 64 : 32);
    case 144: // MTCRF
      return { setsFlags: true };
    case 339: {
      const name = SPECIAL[specialNumber(word)];
      return { writes: [[target(word), name === undefined ? undefined : register(name)]] };
    }
    case 467: {
      const name = SPECIAL[specialNumber(word)];
      return name === undefined ? {} : { writes: [[name, register(target(word))]] };
    }
    case 19: // MFCR
    case 83: // MFMSR
      return { writes: [[target(word), undefined]] };
    default:
      if (WITHOUT_RESULT.has(which)) return recording;
      return { writes: [[target(word), undefined], [first(word), undefined]], ...recording }; // prettier-ignore
  }
}

/** The number of a special-purpose register, whose halves are exchanged in the instruction. */
const specialNumber = (word: number): number => bits(word, 20, 16) | (bits(word, 15, 11) << 5);
