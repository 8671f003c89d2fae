/** Effects of arm64 instructions on registers and memory. */
import { type Access, type Effect, type Place, type Value, wrap64 } from "../effect.ts";

/** A64 by the encodings of the Arm ARM, chapter C4; what is not known here writes the register of bits 4 to 0. */
export function arm64Effects(bytes: Uint8Array, address: bigint): Effect[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all: Effect[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) all.push(effectOf(view.getUint32(at, true), address + BigInt(at)));
  return all;
}

type Told = Partial<Pick<Effect, "access" | "flow" | "target" | "through">> & {
  readonly writes?: readonly (readonly [string, Value | undefined])[];
};

const effectOf = (word: number, address: bigint): Effect => {
  const { access, flow = "next", target, through, writes = [] } = told(word >>> 0, address);
  return {
    address,
    length: 4,
    access,
    flow,
    target,
    through,
    writes: new Map(writes.filter(([name]) => name !== ZERO)),
  };
};

const ZERO = "xzr";
const bits = (word: number, high: number, low: number): number => (word >>> low) & ((1 << (high - low + 1)) - 1);
const signed = (value: number, width: number): bigint => BigInt.asIntN(width, BigInt(value));
/** Register 31 is zero here, the stack pointer there. */
const x = (number: number): string => (number === 31 ? ZERO : `x${number}`);
const orSp = (number: number): string => (number === 31 ? "sp" : `x${number}`);
const register = (name: string, width = 64, isSigned = false): Value =>
  name === ZERO ? { kind: "constant", value: 0n } : { kind: "register", name, bits: width, signed: isSigned };
const constant = (value: bigint): Value => ({ kind: "constant", value });
const place = (base: string, displacement: bigint, index?: string, scale = 1): Place => ({
  base,
  index: index === ZERO ? undefined : index,
  scale,
  displacement,
});

function told(word: number, address: bigint): Told {
  const rd = bits(word, 4, 0);
  const rn = bits(word, 9, 5);
  // Branches, exception generation: C4.1.93.
  if (bits(word, 30, 26) === 0b00101) {
    const target = wrap64(address + (signed(bits(word, 25, 0), 26) << 2n));
    return { flow: word >>> 31 === 1 ? "call" : "jump", target, writes: word >>> 31 === 1 ? [["x30", undefined]] : [] };
  }
  if (bits(word, 31, 24) === 0b01010100)
    return { flow: "branch", target: wrap64(address + (signed(bits(word, 23, 5), 19) << 2n)) };
  if (bits(word, 30, 25) === 0b011010)
    return { flow: "branch", target: wrap64(address + (signed(bits(word, 23, 5), 19) << 2n)) };
  if (bits(word, 30, 25) === 0b011011)
    return { flow: "branch", target: wrap64(address + (signed(bits(word, 18, 5), 14) << 2n)) };
  if (bits(word, 31, 25) === 0b1101011) return indirect(word, rn);
  if (bits(word, 31, 21) === 0b11010100001) return {};
  if (bits(word, 31, 22) === 0b1101010100) return { writes: bits(word, 21, 21) === 1 ? [[x(rd), undefined]] : [] };
  // Loads and stores: C4.1.94.
  if (bits(word, 27, 27) === 1 && bits(word, 25, 25) === 0) return memory(word, address);
  // Data processing, immediate: C4.1.92.
  if (bits(word, 28, 26) === 0b100) return immediate(word, address, rd, rn);
  return { writes: [[x(rd), fromRegisters(word)]] };
}

function indirect(word: number, rn: number): Told {
  const kind = bits(word, 24, 21) & 0b0011;
  if (kind === 0) return { flow: "jump", through: x(rn) };
  if (kind === 1) return { flow: "call", through: x(rn), writes: [["x30", undefined]] };
  return { flow: "return" };
}

function immediate(word: number, address: bigint, rd: number, rn: number): Told {
  const is64 = word >>> 31 === 1;
  const width = is64 ? 64 : 32;
  const group = bits(word, 25, 23);
  if (group === 0b000 || group === 0b001) {
    const offset = signed((bits(word, 23, 5) << 2) | bits(word, 30, 29), 21);
    const value = is64 ? (address & ~0xfffn) + (offset << 12n) : address + offset;
    return { writes: [[x(rd), constant(wrap64(value))]] };
  }
  if (group === 0b010) {
    const right = constant(BigInt(bits(word, 21, 10)) << (bits(word, 22, 22) === 1 ? 12n : 0n));
    const setsFlags = bits(word, 29, 29) === 1;
    const to = setsFlags ? x(rd) : orSp(rd);
    const left = register(orSp(rn), width);
    return {
      writes: [[to, { kind: "operation", operator: bits(word, 30, 30) === 1 ? "-" : "+", left, right, bits: width }]],
    };
  }
  if (group === 0b101) {
    const shift = BigInt(bits(word, 22, 21) * 16);
    const value = BigInt(bits(word, 20, 5)) << shift;
    const operation = bits(word, 30, 29);
    if (operation === 0b10) return { writes: [[x(rd), constant(value)]] };
    if (operation === 0b00) return { writes: [[x(rd), constant(BigInt.asUintN(width, ~value))]] };
    const kept: Value = {
      kind: "operation",
      operator: "&",
      left: register(x(rd), width),
      right: constant(BigInt.asUintN(width, ~(0xffffn << shift))),
      bits: width,
    };
    return { writes: [[x(rd), { kind: "operation", operator: "|", left: kept, right: constant(value), bits: width }]] };
  }
  return { writes: [[group === 0b100 && bits(word, 30, 29) !== 0b11 ? orSp(rd) : x(rd), undefined]] };
}

/** ORR and ADD, SUB of registers (C4.1.95): moves and sums. */
function fromRegisters(word: number): Value | undefined {
  const width = word >>> 31 === 1 ? 64 : 32;
  const [left, right] = [register(x(bits(word, 9, 5)), width), register(x(bits(word, 20, 16)), width)];
  const amount = bits(word, 15, 10);
  const isPlain = amount === 0 && bits(word, 23, 22) === 0;
  if (bits(word, 30, 24) === 0b0101010 && bits(word, 21, 21) === 0 && isPlain && bits(word, 9, 5) === 31) return right;
  const isSum = bits(word, 28, 24) === 0b01011 && bits(word, 21, 21) === 0 && bits(word, 23, 22) === 0;
  if (!isSum) return undefined;
  const shifted: Value =
    amount === 0
      ? right
      : { kind: "operation", operator: "<<", left: right, right: constant(BigInt(amount)), bits: width };
  return { kind: "operation", operator: bits(word, 30, 30) === 1 ? "-" : "+", left, right: shifted, bits: width };
}

function memory(word: number, address: bigint): Told {
  const [rt, rn] = [bits(word, 4, 0), bits(word, 9, 5)];
  if (bits(word, 26, 26) === 1) return vector(word, rn);
  if (bits(word, 29, 28) === 0b10) return pair(word, rt, rn);
  if (bits(word, 29, 28) === 0b01) {
    const at: Place = {
      base: undefined,
      index: undefined,
      scale: 1,
      displacement: wrap64(address + (signed(bits(word, 23, 5), 19) << 2n)),
    };
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
    // Atomic memory operations read and write.
    const access: Access = { place: place(orSp(rn), 0n), size, reads: true, writes: true };
    return { access, writes: [[x(rt), { kind: "load", place: access.place, size, signed: false }]] };
  }
  const isPrefetch = size === 8 && operation === 0b10;
  if (isPrefetch) return {};
  const isLoad = operation !== 0;
  const isSigned = operation >= 2;
  const where = placeOf(word, form, size, rn);
  const writesBack = form === "unscaled" && (bits(word, 11, 10) === 0b01 || bits(word, 11, 10) === 0b11);
  const by = signed(bits(word, 20, 12), 9);
  return {
    access: { place: where, size, reads: isLoad, writes: !isLoad },
    writes: [
      ...(isLoad ? [[x(rt), { kind: "load", place: where, size, signed: isSigned }] as const] : []),
      ...(writesBack ? [[orSp(rn), { kind: "address", place: place(orSp(rn), by) }] as const] : []),
    ],
  };
}

function placeOf(word: number, form: "unsigned" | "register" | "unscaled", size: number, rn: number): Place {
  if (form === "unsigned") return place(orSp(rn), BigInt(bits(word, 21, 10) * size));
  if (form === "unscaled") {
    // After the access by post-index: the base itself is accessed.
    const isPost = bits(word, 11, 10) === 0b01;
    return place(orSp(rn), isPost ? 0n : signed(bits(word, 20, 12), 9));
  }
  return place(orSp(rn), 0n, x(bits(word, 20, 16)), bits(word, 12, 12) === 1 ? size : 1);
}

function pair(word: number, rt: number, rn: number): Told {
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

/** LDXR, STXR, LDAR, STLR and their like. */
function exclusive(word: number, rt: number, rn: number): Told {
  const size = 1 << bits(word, 31, 30);
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

/** SIMD registers are not followed; the base may be written back. */
function vector(word: number, rn: number): Told {
  const isIndexed =
    bits(word, 29, 28) === 0b10 ? bits(word, 23, 23) === 1 : bits(word, 24, 24) === 0 && bits(word, 10, 10) === 1;
  return { writes: isIndexed ? [[orSp(rn), undefined]] : [] };
}
