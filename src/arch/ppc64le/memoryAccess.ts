/** Loads and stores of ppc64le (Power ISA 3.1, book I, section 3.3; book II, section 4.6). */
import type { MemoryOperand } from "../effect.ts";
import { bits, type PartialEffect, register, signed } from "../fixedEncoding.ts";
import { conditionField, first, place, second, target } from "./encoding.ts";

/** What a load or store does: its size in bytes, and how. */
interface Access {
  readonly size: 1 | 2 | 4 | 8 | 16 | 128;
  readonly isStore?: true;
  /** The loaded value is sign-extended. */
  readonly isSigned?: true;
  /** RA gets the address. */
  readonly isUpdate?: true;
  /** The value is not followed: floating-point registers, several registers, bytes in reverse order. */
  readonly isOpaque?: true;
  /** A conditional store sets field 0 of the condition register. */
  readonly isConditional?: true;
}

const load = (size: Access["size"], more: Partial<Access> = {}): Access => ({ size, ...more });
const store = (size: Access["size"], more: Partial<Access> = {}): Access => ({ size, isStore: true, ...more });
const update = { isUpdate: true } as const;
const opaque = { isOpaque: true } as const;
const conditional = { isConditional: true } as const;

/** D-form accesses by primary opcode. */
const DISPLACED: Readonly<Record<number, Access>> = {
  32: load(4),
  33: load(4, update),
  34: load(1),
  35: load(1, update),
  36: store(4),
  37: store(4, update),
  38: store(1),
  39: store(1, update),
  40: load(2),
  41: load(2, update),
  42: load(2, { isSigned: true }),
  43: load(2, { isSigned: true, ...update }),
  44: store(2),
  45: store(2, update),
  48: load(4, opaque),
  49: load(4, { ...opaque, ...update }),
  50: load(8, opaque),
  51: load(8, { ...opaque, ...update }),
  52: store(4, opaque),
  53: store(4, { ...opaque, ...update }),
  54: store(8, opaque),
  55: store(8, { ...opaque, ...update }),
};

/** DS-form accesses by primary opcode and bits 1 to 0. */
const DOUBLEWORD: Readonly<Record<number, readonly (Access | undefined)[]>> = {
  58: [load(8), load(8, update), load(4, { isSigned: true })],
  62: [store(8), store(8, update), store(16, opaque)],
};

/** X-form accesses of primary opcode 31 by bits 10 to 1. */
const INDEXED: Readonly<Record<number, Access>> = {
  20: load(4),
  21: load(8),
  23: load(4),
  52: load(1),
  53: load(8, update),
  55: load(4, update),
  84: load(8),
  87: load(1),
  116: load(2),
  119: load(1, update),
  149: store(8),
  150: store(4, conditional),
  151: store(4),
  181: store(8, update),
  183: store(4, update),
  214: store(8, conditional),
  215: store(1),
  247: store(1, update),
  279: load(2),
  311: load(2, update),
  341: load(4, { isSigned: true }),
  343: load(2, { isSigned: true }),
  373: load(4, { isSigned: true, ...update }),
  375: load(2, { isSigned: true, ...update }),
  407: store(2),
  439: store(2, update),
  532: load(8, opaque),
  534: load(4, opaque),
  660: store(8, opaque),
  662: store(4, opaque),
  694: store(1, conditional),
  726: store(2, conditional),
  790: load(2, opaque),
  918: store(2, opaque),
  // dcbz clears a block of the cache, 128 bytes on all processors that run ppc64le.
  1014: store(128, opaque),
};

/** Primary opcodes whose opaque accesses use floating-point registers; other opaque loads write a general register. */
const isFloat = (word: number): boolean => bits(word, 31, 26) >= 48 && bits(word, 31, 26) <= 55;

/** Decodes a load or store of general and floating-point registers, or dcbz; undefined for other instructions. */
export function memoryAccess(word: number): PartialEffect | undefined {
  const opcode = bits(word, 31, 26);
  const displaced = DISPLACED[opcode];
  if (displaced) return accessOf(word, displaced, place(word, signed(bits(word, 15, 0), 16)));
  const double = DOUBLEWORD[opcode]?.[word & 3];
  if (double) return accessOf(word, double, place(word, signed(word & 0xfffc, 16)));
  // LMW and STMW access the registers from RT to r31.
  if (opcode === 46) {
    const all = Array.from({ length: 32 - bits(word, 25, 21) }, (_, index) => `r${31 - index}`);
    return { writes: all.map((name) => [name, undefined]) };
  }
  if (opcode === 47) return {};
  const indexed = opcode === 31 ? INDEXED[bits(word, 10, 1)] : undefined;
  return indexed && accessOf(word, indexed, place(word, 0n, second(word)));
}

function accessOf(word: number, access: Access, where: MemoryOperand): PartialEffect {
  const { size, isStore = false, isSigned = false, isUpdate, isOpaque, isConditional } = access;
  const value = { kind: "load", place: where, size, signed: isSigned } as const;
  const loaded = isStore || (isOpaque && isFloat(word)) ? [] : [[target(word), isOpaque ? undefined : value] as const];
  return {
    access: { place: where, size, reads: !isStore, writes: isStore },
    ...(isStore && !isOpaque && !isConditional ? { stores: register(target(word), size * 8) } : {}),
    ...(isConditional ? { setsFlags: true, flags: conditionField(0) } : {}),
    writes: [...loaded, ...(isUpdate ? [[first(word), { kind: "address", place: where }] as const] : [])],
  };
}
