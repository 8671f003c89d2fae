/** Effects of arm64 instructions on registers and memory. */
import {
  type MemoryAccess,
  type Effect,
  lowerHalf,
  type MemoryOperand,
  type Relation,
  type Value,
  wrap64,
} from "../effect.ts";
import { bits, completeEffect, type PartialEffect, signed } from "../fixedEncoding.ts";
import { immediateEffect, registerEffect } from "./dataProcessing.ts";
import { orSp, register, x, ZERO } from "./encoding.ts";

/**
 * Decodes A64 instructions by the encodings of the Arm ARM, chapter C4. Instructions that are not known here are taken
 * to write the register in bits 4 to 0.
 */
export function arm64Effects(bytes: Uint8Array, address: bigint): Effect[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all: Effect[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) all.push(effectOf(view.getUint32(at, true), address + BigInt(at)));
  return all;
}

const effectOf = (word: number, address: bigint): Effect =>
  completeEffect(decodedEffect(word >>> 0, address), address, 4, ZERO);

const place = (base: string, displacement: bigint, index?: string, scale = 1): MemoryOperand => ({
  base,
  index: index === ZERO ? undefined : index,
  scale,
  displacement,
});

function decodedEffect(word: number, address: bigint): PartialEffect {
  const rd = bits(word, 4, 0);
  const rn = bits(word, 9, 5);
  // Branches, exception generation: C4.1.93.
  if (bits(word, 30, 26) === 0b00101) {
    const target = wrap64(address + (signed(bits(word, 25, 0), 26) << 2n));
    return { flow: word >>> 31 === 1 ? "call" : "jump", target, writes: word >>> 31 === 1 ? [["x30", undefined]] : [] };
  }
  if (bits(word, 31, 24) === 0b01010100)
    return {
      flow: "branch",
      target: wrap64(address + (signed(bits(word, 23, 5), 19) << 2n)),
      relation: RELATIONS[bits(word, 3, 0)],
      isSigned: isSigned(bits(word, 3, 0)),
    };
  if (bits(word, 30, 25) === 0b011010) return compareAndBranch(word, address);
  if (bits(word, 30, 25) === 0b011011) return testAndBranch(word, address);
  if (bits(word, 31, 25) === 0b1101011) return indirect(word, rn);
  if (bits(word, 31, 21) === 0b11010100001) return {};
  if (bits(word, 31, 22) === 0b1101010100) return { writes: bits(word, 21, 21) === 1 ? [[x(rd), undefined]] : [] };
  // Loads and stores: C4.1.94.
  if (bits(word, 27, 27) === 1 && bits(word, 25, 25) === 0) return memory(word, address);
  // Data processing, immediate: C4.1.92.
  if (bits(word, 28, 26) === 0b100) return immediateEffect(word, address);
  return registerEffect(word);
}

/** Relations of the conditions, by their numbers (C1.2.4). */
const RELATIONS: readonly (Relation | undefined)[] = [
  ...(["==", "!=", ">=", "<", "<", ">="] as const),
  ...[undefined, undefined],
  ...([">", "<=", ">=", "<", ">", "<="] as const),
];

/** Returns whether a condition compares signed numbers: MI, PL, GE, LT, GT and LE do, CS, CC, HI and LS do not. */
const isSigned = (condition: number): boolean | undefined =>
  [4, 5, 10, 11, 12, 13].includes(condition) || ([2, 3, 8, 9].includes(condition) ? false : undefined);

/** Decodes CBZ and CBNZ, which leave the flags as they are. */
function compareAndBranch(word: number, address: bigint): PartialEffect {
  return {
    flow: "branch",
    target: wrap64(address + (signed(bits(word, 23, 5), 19) << 2n)),
    compares: {
      left: register(x(bits(word, 4, 0)), word >>> 31 === 1 ? 64 : 32),
      right: { kind: "constant", value: 0n },
      by: "difference",
    },
    relation: bits(word, 24, 24) === 1 ? "!=" : "==",
    setsFlags: false,
  };
}

/** Decodes TBZ and TBNZ, which leave the flags as they are. */
function testAndBranch(word: number, address: bigint): PartialEffect {
  const bit = (bits(word, 31, 31) << 5) | bits(word, 23, 19);
  const isSet = bits(word, 24, 24) === 1;
  const tested = register(x(bits(word, 4, 0)), bit < 32 ? 32 : 64, bit === 31 || bit === 63);
  const isSign = tested.kind === "register" && tested.signed;
  return {
    flow: "branch",
    target: wrap64(address + (signed(bits(word, 18, 5), 14) << 2n)),
    compares: isSign
      ? { left: tested, right: { kind: "constant", value: 0n }, by: "difference" }
      : { left: tested, right: { kind: "constant", value: 1n << BigInt(bit) }, by: "conjunction" },
    relation: isSign ? (isSet ? "<" : ">=") : isSet ? "!=" : "==",
    isSigned: isSign || undefined,
    setsFlags: false,
  };
}

function indirect(word: number, rn: number): PartialEffect {
  const kind = bits(word, 24, 21) & 0b0011;
  if (kind === 0) return { flow: "jump", through: x(rn) };
  if (kind === 1) return { flow: "call", through: x(rn), writes: [["x30", undefined]] };
  return { flow: "return" };
}

function memory(word: number, address: bigint): PartialEffect {
  const [rt, rn] = [bits(word, 4, 0), bits(word, 9, 5)];
  if (bits(word, 26, 26) === 1) return vector(word, rn);
  if (bits(word, 29, 28) === 0b10) return pair(word, rt, rn);
  if (bits(word, 29, 28) === 0b01) {
    const at: MemoryOperand = {
      base: undefined,
      index: undefined,
      scale: 1,
      displacement: wrap64(address + (signed(bits(word, 23, 5), 19) << 2n)),
    };
    // PRFM writes no register.
    if (bits(word, 31, 30) === 3) return {};
    const size = bits(word, 31, 30) === 1 ? 8 : 4;
    return {
      access: { place: at, size, reads: true, writes: false },
      writes: [[x(rt), { kind: "load", place: at, size, signed: bits(word, 31, 30) === 2 }]],
    };
  }
  if (bits(word, 29, 28) === 0b00) return exclusive(word, rt, rn);
  const size = 1 << bits(word, 31, 30);
  const operation = bits(word, 23, 22);
  const form = bits(word, 24, 24) === 1 ? "unsigned" : bits(word, 21, 21) === 1 ? "register" : "unscaled";
  if (form === "register" && bits(word, 11, 10) !== 0b10) {
    // Atomic memory operations read and write. LDAPR only reads.
    const isLoad = bits(word, 15, 12) === 0b1100;
    const access: MemoryAccess = { place: place(orSp(rn), 0n), size, reads: true, writes: !isLoad };
    return { access, writes: [[x(rt), { kind: "load", place: access.place, size, signed: false }]] };
  }
  const isPrefetch = size === 8 && operation === 0b10;
  if (isPrefetch) return {};
  const isLoad = operation !== 0;
  const isSigned = operation >= 2;
  const where = placeOf(word, form, size, rn);
  const loaded: Value = { kind: "load", place: where, size, signed: isSigned };
  const writesBack = form === "unscaled" && (bits(word, 11, 10) === 0b01 || bits(word, 11, 10) === 0b11);
  const by = signed(bits(word, 20, 12), 9);
  return {
    access: { place: where, size, reads: isLoad, writes: !isLoad },
    ...(isLoad ? {} : { stores: register(x(rt), size * 8) }),
    writes: [
      ...(isLoad ? [[x(rt), operation === 0b11 ? lowerHalf(loaded) : loaded] as const] : []),
      ...(writesBack ? [[orSp(rn), { kind: "address", place: place(orSp(rn), by) }] as const] : []),
    ],
  };
}

function placeOf(word: number, form: "unsigned" | "register" | "unscaled", size: number, rn: number): MemoryOperand {
  if (form === "unsigned") return place(orSp(rn), BigInt(bits(word, 21, 10) * size));
  if (form === "unscaled") {
    // Post-index changes the base after the access.
    const isPost = bits(word, 11, 10) === 0b01;
    return place(orSp(rn), isPost ? 0n : signed(bits(word, 20, 12), 9));
  }
  return place(orSp(rn), 0n, x(bits(word, 20, 16)), bits(word, 12, 12) === 1 ? size : 1);
}

function pair(word: number, rt: number, rn: number): PartialEffect {
  const size = bits(word, 31, 31) === 1 ? 8 : 4;
  const by = signed(bits(word, 21, 15), 7) * BigInt(size);
  const mode = bits(word, 24, 23);
  const first = mode === 0b01 ? 0n : by;
  const isLoad = bits(word, 22, 22) === 1;
  const isSigned = bits(word, 31, 30) === 0b01;
  const loads: (readonly [string, Value | undefined])[] = [
    [x(rt), { kind: "load", place: place(orSp(rn), first), size, signed: isSigned }],
    [x(bits(word, 14, 10)), { kind: "load", place: place(orSp(rn), first + BigInt(size)), size, signed: isSigned }],
  ];
  const back: readonly [string, Value] = [orSp(rn), { kind: "address", place: place(orSp(rn), by) }];
  return {
    access: { place: place(orSp(rn), first), size: 2 * size, reads: isLoad, writes: !isLoad },
    writes: [...(isLoad ? loads : []), ...(mode === 0b01 || mode === 0b11 ? [back] : [])],
  };
}

/** Decodes LDXR, STXR, LDAR, STLR, CAS and similar instructions. */
function exclusive(word: number, rt: number, rn: number): PartialEffect {
  const size = 1 << bits(word, 31, 30);
  if (bits(word, 23, 23) === 0 && bits(word, 21, 21) === 1) return exclusivePair(word, rt, rn);
  if (bits(word, 23, 23) === 1 && bits(word, 21, 21) === 1) {
    // CAS loads the old value into the register that has the expected value.
    const at = place(orSp(rn), 0n);
    return {
      access: { place: at, size, reads: true, writes: true },
      writes: [[x(bits(word, 20, 16)), { kind: "load", place: at, size, signed: false }]],
    };
  }
  const isLoad = bits(word, 22, 22) === 1;
  const where = place(orSp(rn), 0n);
  const isOrdered = bits(word, 23, 23) === 1;
  return {
    access: { place: where, size, reads: isLoad, writes: !isLoad },
    writes: isLoad
      ? [[x(rt), { kind: "load", place: where, size, signed: false }]]
      : isOrdered
        ? []
        : [[x(bits(word, 20, 16)), undefined]],
  };
}

/** Decodes LDXP and STXP, and CASP, which loads the old values into the registers that have the expected ones. */
function exclusivePair(word: number, rt: number, rn: number): PartialEffect {
  const size = bits(word, 30, 30) === 1 ? 8 : 4;
  const isExchange = word >>> 31 === 0;
  const isLoad = isExchange || bits(word, 22, 22) === 1;
  const third = bits(word, 20, 16);
  const registers = isExchange ? [third, third + 1] : [rt, bits(word, 14, 10)];
  return {
    access: { place: place(orSp(rn), 0n), size: 2 * size, reads: isLoad, writes: isExchange || !isLoad },
    writes: isLoad
      ? registers.map((one, i) => [
          x(one),
          { kind: "load", place: place(orSp(rn), BigInt(i * size)), size, signed: false },
        ])
      : [[x(third), undefined]],
  };
}

/** Decodes loads and stores of SIMD registers. Their values are not followed, but the base may be written back. */
function vector(word: number, rn: number): PartialEffect {
  const isIndexed =
    bits(word, 29, 28) === 0b10 ? bits(word, 23, 23) === 1 : bits(word, 24, 24) === 0 && bits(word, 10, 10) === 1;
  return { writes: isIndexed ? [[orSp(rn), undefined]] : [] };
}
